/** node:http by hand: the floor of an HTTP service. It parses and prints JSON and trusts what it reads. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Part } from "../harness/part.ts";
import { find, type NewOrder, placeAtLength } from "../subject/orders.ts";

/** Listens. */
export async function listen(): Promise<Part> {
  const server = createServer((request, response) => {
    const answer = (value: unknown) => {
      const text = JSON.stringify(value);
      response.writeHead(200, ["content-type", "application/json", "content-length", String(Buffer.byteLength(text))]);
      response.end(text);
    };
    if (request.method === "GET") return answer(find(request.url?.slice(8) ?? ""));
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => answer(placeAtLength(JSON.parse(Buffer.concat(chunks).toString()) as NewOrder)));
  });
  // Longer than a contest, or a proxy's pool meets connections that were just closed.
  server.keepAliveTimeout = 600_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
