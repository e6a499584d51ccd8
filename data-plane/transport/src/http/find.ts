/** From an exchange to a row of a route table, the same for a service's listener and the gateway. */
import { CantleError } from "@cantle/core";
import { answerBytes } from "./answer.ts";
import type { Exchange } from "./exchange.ts";
import type { Matched, Routes } from "./routes.ts";

/** The row that answers, if there is one; HEAD is answered by GET's. */
export function matchRoute<T>({ request, target }: Exchange, routes: Routes<T>): Matched<T> | undefined {
  const { method = "" } = request;
  return routes.match(method === "HEAD" ? "GET" : method, target.path);
}

/** The row that answers. Throws `ROUTE_UNKNOWN`, or `METHOD_NOT_ALLOWED` with `Allow`. */
export function findRoute<T>(exchange: Exchange, routes: Routes<T>): Matched<T> {
  const found = matchRoute(exchange, routes);
  if (found !== undefined) return found;
  const methods = routes.methodsOf(exchange.target.path);
  if (methods.length === 0) throw new CantleError("ROUTE_UNKNOWN", "no operation answers at this path");
  exchange.headers = [...exchange.headers, "allow", methods.join(", ")];
  throw new CantleError("METHOD_NOT_ALLOWED", `this path has ${methods.join(", ")}`);
}

/** Answers OPTIONS for a known path with its methods; false where the path is unknown. */
export function answerOptions<T>(exchange: Exchange, routes: Routes<T>): boolean {
  const methods = routes.methodsOf(exchange.target.path);
  if (methods.length > 0) answerBytes(exchange, { status: 204, headers: ["allow", methods.join(", ")] });
  return methods.length > 0;
}
