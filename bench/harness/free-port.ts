/** A free port of this machine, for programs that cannot tell which one they took. Somebody else may take it meanwhile. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** Finds one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
