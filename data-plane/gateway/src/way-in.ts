/**
 * What becomes of a request at the gateway.
 *
 *     an operation's method and path ─▶ identify ─▶ body ─▶ Call ─▶ send ─▶ reply
 *     else a document, a program's prefix ─▶ identify ─▶ forward, or OPTIONS
 *     else 405 where the path has other methods, 404 everywhere else, whether or not an internal operation is there
 */
import { type Clock, createDeadlines, newTrace, systemRandom } from "@cantle/core";
import {
  answerBytes,
  answerOptions,
  type Exchange,
  findRoute,
  type Matched,
  matchRoute,
  serveCall,
  traceOf,
} from "@cantle/transport/http";
import { baggageTaker } from "./baggage.ts";
import { createCors } from "./cors.ts";
import { createForwarder, type External, type Forwarder } from "./external.ts";
import { createIdentify } from "./identify.ts";
import type { GatewayOptions } from "./options.ts";
import { below, checkPrefix } from "./prefix.ts";
import { createTables, type Mount, type Row } from "./table.ts";

/** The way from an exchange to its answer. */
export interface WayIn {
  readonly serve: (exchange: Exchange) => Promise<void>;
  readonly mount: (mounts: readonly Mount[]) => void;
  readonly close: () => Promise<void>;
}

const peer = { service: "gateway", uses: "*" } as const;
const forwardedMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const jsonHeader = ["content-type", "application/json; charset=utf-8"];

/** Makes it of the gateway's options. */
export function createWayIn(options: GatewayOptions): WayIn {
  const { clock, random = systemRandom(), corsOrigins = [], documents = {}, learning } = options;
  const { timeoutMs = (operation) => operation.timeoutMs, beginTrace = () => newTrace(random) } = options;
  const tables = createTables(checkPrefix(options.prefix ?? "", "gateway.prefix"), options.send);
  let table = tables(options.mounts);
  const takeBaggage = baggageTaker(options.baggage ?? []);
  const identify = createIdentify(options.tokens, options.schemes ?? ["Bearer"]);
  const forwarders = createForwarders(options.externals ?? [], clock);
  const cors = corsOrigins.length > 0 ? createCors(corsOrigins) : undefined;
  const texts = new Map(Object.entries(documents));

  function serve(exchange: Exchange): Promise<void> {
    cors?.allow(exchange);
    const matched = matchRoute(exchange, table);
    return matched === undefined ? serveOther(exchange) : serveRow(exchange, matched);
  }

  async function serveRow(exchange: Exchange, { value: row, params }: Matched<Row>): Promise<void> {
    const { operation, handle, access, headers } = row;
    exchange.operation = operation;
    if (headers.length > 0) exchange.headers = [...exchange.headers, ...headers];
    const found = identify(exchange, access);
    const caller = found instanceof Promise ? await found : found;
    const deadlineMs = clock.nowMs() + timeoutMs(operation);
    const trace = traceOf(exchange.request.headers, beginTrace);
    const baggage = takeBaggage(exchange.request.headers);
    return serveCall(exchange, { operation, handle, params, peer, caller, trace, baggage, deadlineMs });
  }

  async function serveOther(exchange: Exchange): Promise<void> {
    const { request, target } = exchange;
    const text = texts.get(target.path);
    if (text !== undefined && (request.method === "GET" || request.method === "HEAD")) {
      return answerBytes(exchange, { status: 200, bytes: Buffer.from(text()), headers: jsonHeader });
    }
    const methods = table.methodsOf(target.path);
    const forwarder = methods.length > 0 ? undefined : forwarderOf(target.path);
    if (request.method === "OPTIONS") {
      if (cors?.preflight(exchange, forwarder === undefined ? methods : forwardedMethods)) return;
      if (forwarder === undefined && answerOptions(exchange, table)) return;
    }
    if (forwarder !== undefined) return serveExternal(exchange, forwarder);
    if (methods.length === 0) await learning?.();
    return serveRow(exchange, findRoute(exchange, table));
  }

  function forwarderOf(path: string): Forwarder | undefined {
    return forwarders.find(({ external }) => below(external.route, path) !== undefined);
  }

  async function serveExternal(exchange: Exchange, forwarder: Forwarder): Promise<void> {
    const { route, access } = forwarder.external;
    const found = identify(exchange, access);
    const caller = found instanceof Promise ? await found : found;
    const rest = below(route, exchange.target.path) ?? "";
    const { headers } = exchange.request;
    const trace = traceOf(headers, beginTrace);
    return forwarder.forward(exchange, { rest, caller, trace, baggage: takeBaggage(headers) });
  }

  return {
    serve,
    mount(mounts) {
      table = tables(mounts);
    },
    async close() {
      await Promise.all(forwarders.map((forwarder) => forwarder.close()));
    },
  };
}

/** Longest route first, so that the most particular one answers. */
function createForwarders(externals: readonly External[], clock: Clock): readonly Forwarder[] {
  const deadlines = createDeadlines(clock);
  for (const { route } of externals) checkPrefix(route, "gateway.externals.route");
  const sorted = externals.toSorted((a, b) => b.route.length - a.route.length);
  return sorted.map((external) => createForwarder(external, { clock, deadlines }));
}
