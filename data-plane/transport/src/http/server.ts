/**
 * A hardened HTTP server: what a service's own listener and the gateway stand on.
 *
 *     connection ─▶ node:http's strict parser ─▶ readHead ─▶ serve(exchange) ─▶ an answer
 *                        │ refuses                 │ refuses      │ throws
 *                        ▼                         ▼              ▼
 *                    clientError              problem document, and the connection closes where it must
 *
 * Invariants:
 * 1. `serve` only sees requests with one framing, one Host and a canonical target.
 * 2. Every exchange ends: with an answer, or because its connection did; then its call is cancelled.
 * 3. Nothing is ever tunnelled: there is no `upgrade` and no `connect` listener, so Node answers an upgrade as an ordinary
 *    request and closes on CONNECT.
 *
 * It does not route and knows no operations.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { type AddressInfo, isIPv6, type Socket } from "node:net";
import { asCantleError, CantleError, type Clock, createDeadlines, operationId } from "@cantle/core";
import { type Logger, silentLogger } from "@cantle/telemetry";
import type { Listener } from "../transport.ts";
import { answerError } from "./answer.ts";
import { Arrivals } from "./arrivals.ts";
import { Crowding } from "./crowding.ts";
import { type Ending, endingOf } from "./ending.ts";
import { Exchange, Lines, type ProblemHook, type Serving } from "./exchange.ts";
import { createFlow } from "./flow.ts";
import { type HeadRules, readHead } from "./head.ts";
import { type HttpLimits, httpLimits } from "./limits.ts";
import { refuseConnection } from "./refusal.ts";
import type { Target } from "./target.ts";

// An import of names makes Node evaluate all of the module's, its own HTTP client among them: 20 ms at every start.
const { createServer } = process.getBuiltinModule("node:http");

/** Options of a server. */
export interface HttpServerOptions {
  readonly clock: Clock;
  readonly log?: Logger;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** The hosts (with port, where it is not the scheme's own) that are answered for. Default: any well-formed one. */
  readonly hosts?: readonly string[];
  readonly limits?: Partial<HttpLimits>;
  readonly shape?: ProblemHook;
  /** `WWW-Authenticate` of a 401 that came from further inside. */
  readonly challenge?: string;
  /** True between services: requests may name their operation, and answers say whether a hop retried. Default false. */
  readonly inside?: boolean;
  /** Header fields of every answer, as name, value, name, value. */
  readonly headers?: readonly string[];
  /** What becomes of requests that arrive on open connections while draining. */
  readonly whileDraining: "refuse" | "serve";
  /** Answers an exchange. What it throws becomes a problem. */
  readonly serve: (exchange: Exchange) => Promise<void>;
}

/** A server that listens. */
export interface HttpServer extends Listener, Ending {
  readonly port: number;
}

/** Starts a server. Throws `PORT_BUSY` when the address is taken. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { clock, host = "127.0.0.1", port = 0, log = silentLogger, inside = false, headers = [] } = options;
  const limits = { ...httpLimits, ...options.limits };
  const deadlines = createDeadlines(clock);
  const flow = createFlow(limits.inFlightMax, options.whileDraining);
  const { shape, challenge } = options;
  const serving: Serving = { clock, deadlines, limits, log, flow, inside, headers, shape, challenge };
  const hosts = options.hosts && new Set(options.hosts.map((name) => name.toLowerCase()));
  const rules: HeadRules = { limits, hosts, named: inside };
  const lines = new Lines(serving);
  const arrivals = new Arrivals();
  const crowding = new Crowding(clock, log);

  async function arrive(request: IncomingMessage, response: ServerResponse, act: Act): Promise<void> {
    const line = lines.get(request.socket);
    if (line === undefined || line.refused) return;
    const exchange = new Exchange(line, request, response);
    line.begin(exchange);
    flow.enter();
    try {
      await act(exchange);
    } catch (error) {
      report(asCantleError(error), exchange);
      answerError(exchange, error);
    } finally {
      line.exchanges.delete(exchange);
      flow.leave();
    }
  }

  function report(error: CantleError, { operation }: Exchange): void {
    const fields = { code: error.code, ...(operation && { operation: operationId(operation) }) };
    if (error.code === "OVERLOADED") crowding.refused(error);
    else if (error.status >= 500) log.warn("a request failed", { ...fields, error });
    else log.debug("a request was refused", fields);
  }

  function serve(exchange: Exchange): Promise<void> {
    exchange.target = readTargetOf(exchange, rules);
    flow.admit();
    const over = arrivals.over();
    return over === undefined ? options.serve(exchange) : over.then(() => options.serve(exchange));
  }

  function serveExpecting(exchange: Exchange): Promise<void> {
    exchange.expectsContinue = true;
    return serve(exchange);
  }

  const server = createHardenedServer(limits);
  server.on("connection", (socket) => lines.open(socket));
  server.on("connection", () => arrivals.came());
  server.on("request", (request, response) => void arrive(request, response, serve));
  server.on("checkContinue", (request, response) => void arrive(request, response, serveExpecting));
  server.on("checkExpectation", (request, response) => void arrive(request, response, refuseExpectation));
  server.on("clientError", (error, socket) => refuseConnection(error, socket as Socket, lines));
  await listen(server, host, port);
  const bound = server.address() as AddressInfo;
  const ending = endingOf({ server, flow, lines, clock, whileDraining: options.whileDraining });
  return {
    address: `http://${isIPv6(host) ? `[${host}]` : host}:${bound.port}`,
    port: bound.port,
    ...ending,
  };
}

/** A head without a single reading ends its connection: what follows it could be anything. */
function readTargetOf({ request, line }: Exchange, rules: HeadRules): Target {
  try {
    return readHead(request, rules);
  } catch (error) {
    line.refused = true;
    throw error;
  }
}

type Act = (exchange: Exchange) => Promise<void>;

function createHardenedServer(limits: HttpLimits): Server {
  const server = createServer({
    // The strict parser, whatever the process was started with.
    insecureHTTPParser: false,
    joinDuplicateHeaders: true,
    // `readHead` says what is wrong with a Host; Node would answer without a word.
    requireHostHeader: false,
    maxHeaderSize: limits.headersBytesMax,
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
  });
  // Node drops fields beyond its count without a word; here they are counted (`headersMax`) and bounded in bytes.
  server.maxHeadersCount = 0;
  server.maxConnections = limits.connectionsMax;
  return server;
}

async function refuseExpectation({ line }: Exchange): Promise<void> {
  line.refused = true;
  throw new CantleError("REQUEST_MALFORMED", "the only expectation that can be met is 100-continue", { status: 417 });
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const code = cause.code === "EADDRINUSE" ? "PORT_BUSY" : "CONFIG_INVALID";
      reject(new CantleError(code, `cannot listen on ${host}:${port}`, { cause, help: "choose another port or host" }));
    });
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}
