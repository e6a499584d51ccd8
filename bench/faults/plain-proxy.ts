/** Two servers behind a proxy that sends each request to the next of them, as it is written in an afternoon. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Part } from "../harness/part.ts";

const program = fileURLToPath(new URL("./plain-server.ts", import.meta.url));
/** What whoever watches over the servers takes to notice, and to start another one. */
const backMs = 1_000;

/** Starts all three. Its order is to kill one of the servers. */
export async function start(): Promise<Part> {
  const agent = new Agent({ keepAlive: true });
  const servers = await Promise.all([startServer(0), startServer(0)]);
  let turn = 0;
  const proxy = createServer((incoming, outgoing) => {
    pass(incoming, outgoing, { agent, port: servers[turn++ % 2]!.port });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    async drive() {
      const { child, port } = servers[0]!;
      child.kill("SIGKILL");
      await delay(backMs);
      servers[0] = await startServer(port);
    },
    stop() {
      for (const { child } of servers) child.kill("SIGKILL");
      proxy.close();
      proxy.closeAllConnections();
      agent.destroy();
    },
  };
}

interface Server {
  readonly child: ChildProcess;
  readonly port: number;
}

async function startServer(wanted: number): Promise<Server> {
  const child = fork(program, [String(wanted)]);
  const [port] = (await once(child, "message")) as [number];
  return { child, port };
}

function pass(incoming: IncomingMessage, outgoing: ServerResponse, to: { agent: Agent; port: number }): void {
  const { method, headers, url: path } = incoming;
  const onward = request({ ...to, host: "127.0.0.1", method, headers, path }, (answer) => {
    outgoing.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(outgoing);
    answer.on("error", () => outgoing.destroy());
  });
  onward.on("error", () => {
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502).end();
  });
  incoming.pipe(onward);
}
