/** A server that says yes to everything; the program behind the plain proxy. `plain-server.ts PORT` tells its parent where it is. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";

const server = createServer((request, response) => {
  request.resume().on("end", () => response.end('{"at":"shelf"}'));
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.once("disconnect", () => process.exit(0));
