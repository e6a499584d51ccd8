/** node:http alone: the floor of a start. */
import { createServer } from "node:http";
import process from "node:process";

createServer((_request, response) => response.writeHead(201).end("{}")).listen(
  Number(process.env["PORT"]),
  "127.0.0.1",
);
