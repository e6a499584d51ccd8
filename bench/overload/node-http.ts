/** The same work behind `node:http`, with nothing that looks after it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Part } from "../harness/part.ts";
import { spend } from "./service.ts";

/** Listens. */
export async function listen(): Promise<Part> {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ digest: spend() }));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    drive: () => Promise.resolve(0),
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
