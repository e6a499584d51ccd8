/**
 * A service's HTTP listener: every operation by its contract's own method and path, for any language.
 *
 * A caller of ours also names the operation it means (`cantle-operation`). Then the path is read by that operation's own
 * template, whatever else is routed near it: a parameter may be any text, and `read({ id: "me" })` is never taken for the
 * operation behind `/users/me`.
 */
import { CantleError, type Clock, newTrace, type Peer, type Random, systemRandom } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { Doors, Listener, Served } from "../transport.ts";
import type { Exchange } from "./exchange.ts";
import { answerOptions, findRoute } from "./find.ts";
import {
  baggageOf,
  callerHeader,
  fieldOf,
  operationHeader,
  peerHeader,
  serviceHeader,
  timeoutHeader,
  traceOf,
} from "./headers.ts";
import type { HttpLimits } from "./limits.ts";
import { createRoutes, type Matched, paramsOf } from "./routes.ts";
import { serveCall } from "./serve.ts";
import { startHttpServer } from "./server.ts";

/** Options of a service's HTTP listener. */
export interface HttpListenOptions {
  readonly clock: Clock;
  readonly random?: Random;
  readonly log?: Logger;
  /** Default 127.0.0.1. Anything beyond this host is refused: what is between services there needs the wire with mTLS. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  readonly limits?: Partial<HttpLimits>;
}

/** Listens for HTTP. Throws `PORT_BUSY`, and `BIND_REFUSED` for a host that is not this machine's own. */
export async function listenHttp(
  doors: Doors,
  options: HttpListenOptions,
): Promise<Listener & { readonly port: number }> {
  const { random = systemRandom(), host = "127.0.0.1" } = options;
  if (!isLoopback(host)) {
    throw new CantleError("BIND_REFUSED", `plain HTTP between services does not listen on ${host}`, {
      help: "listen on 127.0.0.1, and let other hosts call over the wire with mTLS or through the gateway",
    });
  }
  const routes = createRoutes(doors.list().map((value) => ({ ...value.operation, value })));
  const begin = () => newTrace(random);

  async function serve(exchange: Exchange): Promise<void> {
    const { headers } = exchange.request;
    if (exchange.request.method === "OPTIONS" && answerOptions(exchange, routes)) return;
    const named = fieldOf(headers, operationHeader);
    const found = named === undefined ? findRoute(exchange, routes) : findNamed(exchange, doors, named);
    const asking = peerOf(exchange, doors);
    const peer = asking instanceof Promise ? await asking : asking;
    const assertion = fieldOf(headers, callerHeader);
    const caller = assertion === undefined ? undefined : await doors.callerOf(assertion);
    const { operation, handle } = found.value;
    const deadlineMs = options.clock.nowMs() + timeoutOf(fieldOf(headers, timeoutHeader));
    return serveCall(exchange, {
      operation,
      handle,
      params: found.params,
      peer,
      caller,
      trace: traceOf(headers, begin),
      baggage: baggageOf(headers),
      deadlineMs,
    });
  }

  return startHttpServer({ ...options, host, inside: true, whileDraining: "refuse", serve });
}

/** True for addresses that only this host can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

const nameShape = /^([A-Za-z0-9-]{1,64})\.([A-Za-z0-9-]{1,64})@([0-9A-Za-z.-]{1,64})$/;

function findNamed({ request, target }: Exchange, doors: Doors, named: string): Matched<Served> {
  const [, service, name, version] = nameShape.exec(named) ?? [];
  const value = service && name && version ? doors.find(service, name, version) : undefined;
  if (value === undefined)
    throw new CantleError("OPERATION_UNKNOWN", `there is no operation '${name ?? ""}' of '${service ?? ""}' here`);
  const params = paramsOf(value.operation.path, target.path);
  if (params === undefined || value.operation.method !== request.method) {
    throw new CantleError("REQUEST_MALFORMED", "the request is not one of the operation that it names");
  }
  return { value, params };
}

/** Who calls; asked of the doors once per connection, service and token. */
function peerOf({ line, request }: Exchange, doors: Doors): Peer | Promise<Peer> {
  const token = fieldOf(request.headers, peerHeader);
  const service = fieldOf(request.headers, serviceHeader) ?? "";
  const key = `${service}\n${token ?? ""}`;
  const known = line.memo.get(key) as Peer | undefined;
  if (known !== undefined) return known;
  const asked = doors.peerOf(token, service);
  if (!(asked instanceof Promise)) return remember(asked);
  return asked.then(remember);

  function remember(peer: Peer): Peer {
    line.remember(key, peer);
    return peer;
  }
}

/** The milliseconds that are left; at most eleven days, which is what fits nine digits. */
function timeoutOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (!/^\d{1,9}$/.test(text))
    throw new CantleError("REQUEST_MALFORMED", `'${timeoutHeader}' is a number of milliseconds`);
  return Number(text);
}
