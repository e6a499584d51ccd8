/** Bytes passed on, connection by connection, unread: the floor of a proxy on Node. It routes nothing and shares no connections. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Part } from "../harness/part.ts";

/** Listens in front of `upstream`. */
export async function listen(upstream: string): Promise<Part> {
  const { hostname, port } = new URL(upstream);
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (from) => {
    const to = connect({ host: hostname, port: Number(port), noDelay: true });
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      open.add(one);
      one.on("data", (chunk: Buffer) => other.write(chunk));
      one.on("error", () => other.destroy()).on("close", () => open.delete(one) && other.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
