/** A proxy by hand: node:http in front, undici behind. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Pool } from "undici";
import type { Part } from "../harness/part.ts";

/** Listens in front of `upstream`. */
export async function listen(upstream: string): Promise<Part> {
  const pool = new Pool(upstream, { connections: 64 });
  const server = createServer((request, response) => {
    const { method, url: path = "/", headers } = request;
    const { connection: _, ...passed } = headers;
    const asked = { method: method as "GET", path, headers: passed as Record<string, string> };
    const begin = (answer: { statusCode: number; headers: Record<string, string | string[] | undefined> }) => {
      const { "content-type": type, "content-length": length } = answer.headers;
      return response.writeHead(answer.statusCode, { "content-type": String(type), "content-length": String(length) });
    };
    pool.stream({ ...asked, body: method === "GET" ? null : request }, begin, (error) => {
      if (error !== null) response.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await pool.destroy();
    },
  };
}
