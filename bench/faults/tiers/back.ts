/** The program that fails every call, and counts what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import process from "node:process";

let count = 0;
const failures: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  drop: (request) => request.socket.destroy(),
  shed: (_request, response) => refuse(response, 503, "OVERLOADED"),
  break: (_request, response) => refuse(response, 500, "INTERNAL"),
  hang: () => {},
};

createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url!, "http://back");
  if (pathname === "/back/work") {
    count++;
    failures[searchParams.get("how")!]!(request, response);
  } else {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ back: count }));
  }
}).listen(Number(process.env.PORT), process.env.HOST);

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ status, code, title: "it fails", detail: "it fails" }));
}
