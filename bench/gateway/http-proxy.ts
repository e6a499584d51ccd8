/** http-proxy with a kept-alive agent. */
import { once } from "node:events";
import { Agent, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import httpProxy from "http-proxy";
import type { Part } from "../harness/part.ts";

/** Listens in front of `upstream`. */
export async function listen(upstream: string): Promise<Part> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const proxy = httpProxy.createProxyServer({ target: upstream, agent });
  const server = createServer((request, response) => proxy.web(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}
