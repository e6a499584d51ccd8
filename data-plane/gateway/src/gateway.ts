/**
 * The gateway: the one way in from outside.
 *
 *     request ─▶ (hardened server) ─▶ documents │ route ─▶ identify ─▶ body ─▶ Call ─▶ send ─▶ reply, unparsed
 *                                               │ external's prefix ─▶ identify ─▶ forward
 *                                               └ nothing: 404, whether or not an internal operation is there
 *
 * It holds no business: bodies go to services unparsed, and what may be called is what contracts give `access`. Identity,
 * balancing, retries and services are ports and other packages.
 */
import {
  type Clock,
  createDeadlines,
  type Handler,
  newTrace,
  type Operation,
  type Random,
  systemRandom,
  type Trace,
} from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { Listener } from "@cantle/transport";
import {
  answerBytes,
  answerOptions,
  type Exchange,
  findRoute,
  type HttpLimits,
  noBytes,
  type ProblemHook,
  serveCall,
  startHttpServer,
  traceOf,
} from "@cantle/transport/http";
import { type Cors, createCors } from "./cors.ts";
import { createForwarder, type External, type Forwarder } from "./external.ts";
import { createIdentify } from "./identify.ts";
import { below, checkPrefix } from "./prefix.ts";
import { createTables, type Mount, safeHeaders } from "./table.ts";
import type { Tokens } from "./tokens.ts";

/** Options of a gateway. */
export interface GatewayOptions {
  /** Contracts, or operations under a prefix of their own. */
  readonly mounts: readonly Mount[];
  /** How calls of an operation leave: the mesh's outbound. Asked once for each operation. */
  readonly send: (operation: Operation) => Handler;
  readonly clock: Clock;
  readonly random?: Random;
  readonly log?: Logger;
  /** Default 127.0.0.1. Whoever wants others to reach it says so. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** Before all operations: `/api`. Default none. */
  readonly prefix?: string;
  /** The hosts, with port where it is not 80, that are answered for. Default: any. */
  readonly hosts?: readonly string[];
  /** Who knows users. Absent: every token is bad, and only public operations can be called. */
  readonly tokens?: Tokens;
  /** The schemes of `Authorization` that are taken. Default `Bearer`. */
  readonly schemes?: readonly string[];
  /** Gives problems another shape. */
  readonly problem?: ProblemHook;
  readonly externals?: readonly External[];
  /** What to wait for before a path counts as unknown, while routes may still be learned; undefined when there is nothing. */
  readonly learning?: () => Promise<void> | undefined;
  /** Path → JSON text, served as it is: `{ "/openapi.json": () => text }`. */
  readonly documents?: Readonly<Record<string, () => string>>;
  /** Pages of these origins may call. Default none. */
  readonly corsOrigins?: readonly string[];
  /** How long a call of an operation may take. Default: what its contract says. */
  readonly timeoutMs?: (operation: Operation) => number;
  /** Begins a trace for a request that has none. Default: a new one that is not sampled. */
  readonly beginTrace?: () => Trace;
  readonly limits?: Partial<HttpLimits>;
}

/** A gateway that listens. While it drains it accepts no connections and finishes what is on the open ones. */
export interface Gateway extends Listener {
  readonly port: number;
  /**
   * Replaces what is mounted, at once: requests that have been routed go on, the next one sees the new routes. Throws
   * `SYSTEM_INVALID` or `CONFIG_INVALID` and changes nothing when the new ones contradict each other.
   */
  mount(mounts: readonly Mount[]): void;
}

/** Starts a gateway. Throws `PORT_BUSY`, `SYSTEM_INVALID` for two operations in one place, `CONFIG_INVALID` for a bad prefix. */
export async function listenGateway(options: GatewayOptions): Promise<Gateway> {
  const { clock, random = systemRandom(), corsOrigins = [], documents = {} } = options;
  const prefix = checkPrefix(options.prefix ?? "", "gateway.prefix");
  const tables = createTables(prefix, options.send);
  let table = tables(options.mounts);
  const identify = createIdentify(options.tokens, options.schemes ?? ["Bearer"]);
  const forwarders = createForwarders(options.externals ?? [], clock);
  const cors = corsOrigins.length > 0 ? createCors(corsOrigins) : undefined;
  const texts = new Map(Object.entries(documents));
  const timeoutMs = options.timeoutMs ?? ((operation) => operation.timeoutMs);
  const begin = options.beginTrace ?? (() => newTrace(random));

  async function serve(exchange: Exchange): Promise<void> {
    const { request, target } = exchange;
    cors?.allow(exchange);
    const forwarder = forwarders.find(({ external }) => below(external.route, target.path) !== undefined);
    if (forwarder !== undefined && table.methodsOf(target.path).length === 0) return serveExternal(exchange, forwarder);
    const text = texts.get(target.path);
    if (text !== undefined && (request.method === "GET" || request.method === "HEAD"))
      return answerDocument(exchange, text());
    if (request.method === "OPTIONS" && answerAsked(exchange, cors)) return;
    if (options.learning !== undefined && table.methodsOf(target.path).length === 0) await options.learning();
    const { value: row, params } = findRoute(exchange, table);
    const { operation, handle } = row;
    exchange.operation = operation;
    exchange.headers =
      exchange.headers === safeHeaders ? row.headers : [...row.headers, ...exchange.headers.slice(safeHeaders.length)];
    const found = identify(exchange, row.access);
    const caller = found instanceof Promise ? await found : found;
    const deadlineMs = clock.nowMs() + timeoutMs(operation);
    return serveCall(exchange, {
      operation,
      handle,
      params,
      peer,
      caller,
      trace: traceOf(request.headers, begin),
      deadlineMs,
    });
  }

  function answerAsked(exchange: Exchange, cors: Cors | undefined): boolean {
    const methods = table.methodsOf(exchange.target.path);
    return (methods.length > 0 && cors?.preflight(exchange, methods)) || answerOptions(exchange, table);
  }

  async function serveExternal(exchange: Exchange, forwarder: Forwarder): Promise<void> {
    const { route, access } = forwarder.external;
    if (exchange.request.method === "OPTIONS" && cors?.preflight(exchange, externalMethods)) return;
    const caller = await identify(exchange, access);
    const rest = below(route, exchange.target.path) ?? "";
    await forwarder.forward(exchange, { rest, caller, trace: traceOf(exchange.request.headers, begin) });
  }

  const shape = options.problem && { shape: options.problem };
  const server = await startHttpServer({ ...options, ...shape, headers: safeHeaders, whileDraining: "serve", serve });
  return {
    address: server.address,
    port: server.port,
    mount(mounts) {
      table = tables(mounts);
    },
    drain: () => server.drain(),
    async stop(graceMs) {
      await server.stop(graceMs);
      await Promise.all(forwarders.map((forwarder) => forwarder.close()));
    },
  };
}

const peer = { service: "gateway", uses: "*" } as const;
const externalMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/** Longest route first, so that the most particular one answers. */
function createForwarders(externals: readonly External[], clock: Clock): readonly Forwarder[] {
  const deadlines = createDeadlines(clock);
  for (const { route } of externals) checkPrefix(route, "gateway.externals.route");
  const sorted = externals.toSorted((a, b) => b.route.length - a.route.length);
  return sorted.map((external) => createForwarder(external, { clock, deadlines }));
}

function answerDocument(exchange: Exchange, text: string): void {
  answerBytes(exchange, 200, text === "" ? noBytes : Buffer.from(text), [
    "content-type",
    "application/json; charset=utf-8",
  ]);
}
