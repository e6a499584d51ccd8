/** From an exchange to a row of a route table, the same for a service's listener and the gateway. */
import { CantleError } from "@cantle/core";
import { answerBytes } from "./answer.ts";
import { noBytes } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import type { Matched, Routes } from "./routes.ts";

/** The row that answers; HEAD is answered by GET's. Throws `ROUTE_UNKNOWN`, or `METHOD_NOT_ALLOWED` with `Allow`. */
export function findRoute<T>(exchange: Exchange, routes: Routes<T>): Matched<T> {
  const { method = "" } = exchange.request;
  const { path } = exchange.target;
  const found = routes.match(method === "HEAD" ? "GET" : method, path);
  if (found !== undefined) return found;
  const methods = routes.methodsOf(path);
  if (methods.length === 0) throw new CantleError("ROUTE_UNKNOWN", "no operation answers at this path");
  exchange.headers = [...exchange.headers, "allow", methods.join(", ")];
  throw new CantleError("METHOD_NOT_ALLOWED", `this path has ${methods.join(", ")}`);
}

/** Answers OPTIONS for a known path with its methods; false where the path is unknown. */
export function answerOptions<T>(exchange: Exchange, routes: Routes<T>): boolean {
  const methods = routes.methodsOf(exchange.target.path);
  if (methods.length > 0) answerBytes(exchange, 204, noBytes, ["allow", methods.join(", ")]);
  return methods.length > 0;
}
