/**
 * The sidecar: how a program that does not speak the wire calls services.
 *
 *     program ── GET $CANTLE_URL/catalog/trips ──▶ token ─▶ declared? ─▶ route ─▶ OUTBOUND ─▶ wire ─▶ the service
 *
 * A call is made in the name of the external service, so discovery, retries and the deadline are those of every service.
 *
 * Invariants
 * 1. Only whoever has the token is heard. It is made anew at every start and known to the program alone.
 * 2. Only the services in `uses` can be called; to the program no other exists. Their internal operations are among those
 *    that can: this is a call from inside.
 * 3. The user is who a signed assertion says (`cantle-caller`, as the program was given it), or nobody.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Contract } from "@cantle/contract";
import { type Caller, CantleError, type Handler, newTrace, type Operation } from "@cantle/core";
import { type OutboundHost, outbound } from "@cantle/mesh";
import {
  baggageOf,
  callerHeader,
  createRoutes,
  type Exchange,
  fieldOf,
  findRoute,
  type HttpServer,
  type Routes,
  serveCall,
  startHttpServer,
  traceOf,
} from "@cantle/transport/http";

/** What a sidecar needs. */
export interface SidecarOptions {
  /** The external service that calls. */
  readonly service: string;
  readonly uses: readonly Contract<string, any>[];
  /** What the program presents. */
  readonly token: string;
  readonly mesh: OutboundHost;
  /** Whom an assertion speaks for. Throws `UNAUTHENTICATED` for a bad one. */
  readonly callerOf: (assertion: string) => Caller | Promise<Caller>;
}

interface Row {
  readonly operation: Operation;
  readonly handle: Handler;
}

const timeoutHeader = "cantle-timeout-ms";

/** Starts one on a free port of 127.0.0.1. Throws `SYSTEM_INVALID` when `uses` lists a contract twice. */
export async function startSidecar({ service, uses, token, mesh, callerOf }: SidecarOptions): Promise<HttpServer> {
  const { clock, random, log } = mesh;
  const peer = { service, uses: new Set(uses.map(({ name }) => name)) };
  const routes = routesOf(uses, mesh);
  const isToken = secretComparer(`Bearer ${token}`);
  const begin = () => newTrace(random);

  async function serve(exchange: Exchange): Promise<void> {
    const { headers } = exchange.request;
    if (!isToken(fieldOf(headers, "authorization") ?? "")) {
      exchange.headers = [...exchange.headers, "www-authenticate", "Bearer"];
      throw new CantleError(
        "UNAUTHENTICATED",
        "a call is made with the token in CANTLE_TOKEN: authorization: Bearer …",
      );
    }
    const wanted = exchange.target.path.split("/", 2)[1] ?? "";
    if (!peer.uses.has(wanted))
      throw new CantleError("PEER_REFUSED", `'${service}' may not call '${wanted}', which is not in its 'uses'`);
    const { value, params } = findRoute(exchange, routes);
    const assertion = fieldOf(headers, callerHeader);
    const caller = assertion === undefined ? undefined : await callerOf(assertion);
    const deadlineMs = clock.nowMs() + timeoutOf(fieldOf(headers, timeoutHeader));
    const trace = traceOf(headers, begin);
    const baggage = baggageOf(headers);
    return serveCall(exchange, { ...value, params, peer, caller, trace, baggage, deadlineMs });
  }

  return startHttpServer({ clock, log, host: "127.0.0.1", whileDraining: "refuse", serve });
}

/** Every operation below the name of its service: `/catalog/trips/{id}`. */
function routesOf(uses: readonly Contract<string, any>[], mesh: OutboundHost): Routes<Row> {
  const operations = uses.flatMap((contract) => Object.values<Operation>(contract.operations));
  return createRoutes(
    operations.map((operation) => ({
      method: operation.method,
      path: operation.path === "/" ? `/${operation.service}` : `/${operation.service}${operation.path}`,
      value: { operation, handle: outbound(operation, mesh) },
    })),
  );
}

/** Compares in a time that tells nothing of how much was right. */
function secretComparer(secret: string): (text: string) => boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(secret);
  return (text) => timingSafeEqual(digest(text), expected);
}

/** The milliseconds that are left; nine digits are eleven days. */
function timeoutOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (!/^\d{1,9}$/.test(text))
    throw new CantleError("REQUEST_MALFORMED", `'${timeoutHeader}' is a number of milliseconds`);
  return Number(text);
}
