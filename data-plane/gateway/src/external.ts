/**
 * Programs that keep no contract: any method and any path below a prefix goes to them as it came.
 *
 *     /legacy/a/b?c  ─▶  http://127.0.0.1:4000/base/a/b?c      the prefix is replaced by the program's own
 *
 * The path is canonical before it is looked at, so it cannot leave the program's base. A body that claims to be JSON is read
 * and must parse before anything is sent; every other one flows through. Nothing is sent twice.
 */
import { essenceOf, parseJson } from "@cantle/contract";
import {
  type Access,
  type Baggage,
  Call,
  type Caller,
  CantleError,
  type Clock,
  type Deadlines,
  formatBaggage,
  formatTrace,
  type Operation,
  type Trace,
} from "@cantle/core";
import {
  alarm,
  answerBytes,
  callerHeader,
  chunksOf,
  claimsJson,
  createLookup,
  createUpstream,
  cutWhenStuck,
  type Exchange,
  noBytes,
  pour,
  readBytes,
  type Upstream,
  type UpstreamAnswer,
} from "@cantle/transport/http";
import { answerFields, requestFields } from "./forwarded.ts";

/** A program behind the gateway. */
export interface External {
  /** `/legacy`: what it answers below. */
  readonly route: string;
  /** Its name, for logs and problems. */
  readonly service: string;
  /** Who may call it. Needed: nothing is public by being forgotten. */
  readonly access: Access;
  /** Where an instance of it is now, `http://127.0.0.1:4000` or with a base path; undefined where there is none. */
  readonly pick: () => string | undefined;
  /** How long it may take to begin its answer. Default 30 s. */
  readonly timeoutMs?: number;
  /** The largest JSON body, which is read before it is sent. Default 1 MiB. */
  readonly bodyBytesMax?: number;
  /** The largest other body, which flows through. Default 100 MiB. */
  readonly uploadBytesMax?: number;
}

/** What is known of a request that goes on. */
export interface ForwardAsked {
  /** The path below the route; empty, or from its slash on. */
  readonly rest: string;
  readonly caller: Caller | undefined;
  readonly trace: Trace;
  readonly baggage: Baggage | undefined;
}

/** Forwards to one program. */
export interface Forwarder {
  readonly external: External;
  forward(exchange: Exchange, asked: ForwardAsked): Promise<void>;
  close(): Promise<void>;
}

/** An instance of the program: what its paths begin with, and the way to it. */
interface Instance {
  readonly base: string;
  readonly upstream: Upstream;
}

/** Instances whose connections are kept; the one that was met first goes, when its exchanges have ended. */
const instancesMax = 16;
/** Answers up to this long are sent in one piece. */
const wholeBytesMax = 64 * 1024;

/** Makes the way to one program. A new instance, at another address, gets connections of its own. */
export function createForwarder(
  external: External,
  { clock, deadlines }: { clock: Clock; deadlines: Deadlines },
): Forwarder {
  const {
    route,
    service,
    pick,
    timeoutMs = 30_000,
    bodyBytesMax = 1024 * 1024,
    uploadBytesMax = 100 * 1024 * 1024,
  } = external;
  const operation = operationOf(external, { timeoutMs, bodyBytesMax, uploadBytesMax });
  const instances = new Map<string, Instance>();
  const lookup = createLookup({ clock });

  function instanceAt(address: string): Instance {
    const known = instances.get(address);
    if (known !== undefined) return known;
    const [oldest] = instances;
    if (oldest !== undefined && instances.size >= instancesMax) {
      instances.delete(oldest[0]);
      void oldest[1].upstream.finish();
    }
    const { origin, pathname } = new URL(address);
    const instance = { base: pathname.replace(/\/$/, ""), upstream: createUpstream(origin, { lookup }) };
    instances.set(address, instance);
    return instance;
  }

  async function forward(exchange: Exchange, { rest, ...known }: ForwardAsked): Promise<void> {
    const { request, target } = exchange;
    exchange.operation = operation;
    const address = pick();
    if (address === undefined)
      throw new CantleError("UNAVAILABLE", `no instance of '${service}' is ready`, { retryAfterSeconds: 1 });
    const { base, upstream } = instanceAt(address);
    const path = `${base}${rest}` || "/";
    const { body, fields } = exchange.hasBody
      ? await bodyOf(exchange, { bodyBytesMax, uploadBytesMax })
      : noBody(exchange);
    const payload = { kind: "http", params: {}, query: target.query, bytes: noBytes } as const;
    const peer = { service: "gateway", uses: "*" } as const;
    const deadlineMs = clock.nowMs() + timeoutMs;
    const call = new Call(operation, { payload, peer, ...known, deadlineMs });
    exchange.call = call;
    const inTime = alarm(deadlines, deadlineMs, () =>
      call.cancel(new CantleError("DEADLINE_EXCEEDED", `'${service}' did not answer in time`)),
    );
    try {
      const answer = await upstream.send({
        method: request.method ?? "GET",
        path: target.query === "" ? path : `${path}?${target.query}`,
        headers: headersOf(exchange, { ...known, route, fields }),
        body,
        onCancel: (cancel) => call.onCancel(cancel),
      });
      inTime();
      await passOn(exchange, answer);
    } finally {
      inTime();
    }
  }

  return { external, forward, close };

  async function close(): Promise<void> {
    await Promise.all([...instances.values()].map(({ upstream }) => upstream.close()));
  }
}

/** What logs and problem hooks are told: any method, any path below the route. */
function operationOf(
  { route, service, access }: External,
  limits: Pick<Operation, "timeoutMs" | "bodyBytesMax" | "uploadBytesMax">,
): Operation {
  return {
    kind: "operation",
    service,
    name: "forward",
    version: "0.0.0",
    method: "POST",
    path: route,
    shape: "value",
    status: 200,
    access,
    idempotent: false,
    deprecated: false,
    ...limits,
  };
}

interface ForwardedBody {
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /** The length, where it is known. */
  readonly fields: readonly string[];
}

/** That there is nothing is said where the client said so: some programs want a length with every POST. */
function noBody({ request }: Exchange): ForwardedBody {
  return { body: undefined, fields: request.headers["content-length"] === "0" ? ["content-length", "0"] : [] };
}

/** The body that goes on. Throws 400 for JSON that is none, 413 for what is too large, 415 for a type that cannot be read. */
async function bodyOf(
  exchange: Exchange,
  limits: { bodyBytesMax: number; uploadBytesMax: number },
): Promise<ForwardedBody> {
  const { headers } = exchange.request;
  const type = headers["content-type"];
  const essence = type === undefined ? "application/octet-stream" : essenceOf(type);
  if (essence === undefined) throw new CantleError("MEDIA_TYPE_UNSUPPORTED", "the content type cannot be read");
  if (claimsJson(essence)) {
    if (headers["content-encoding"] !== undefined)
      throw new CantleError("MEDIA_TYPE_UNSUPPORTED", "JSON is sent without a content coding");
    const bytes = await readBytes(exchange, limits.bodyBytesMax);
    parseJson(bytes);
    return { body: bytes, fields: [] };
  }
  if (exchange.bodyBytes > limits.uploadBytesMax)
    throw new CantleError("BODY_TOO_LARGE", `the body is at most ${limits.uploadBytesMax} bytes`);
  const length = headers["content-length"];
  return {
    body: chunksOf(exchange, limits.uploadBytesMax),
    fields: length === undefined ? [] : ["content-length", length],
  };
}

/** What goes on, and what only the gateway can say: where the request came from, whose it is, which trace it belongs to. */
function headersOf(
  exchange: Exchange,
  known: Omit<ForwardAsked, "rest"> & { route: string; fields: readonly string[] },
): string[] {
  const { request } = exchange;
  const { route, caller, trace, baggage, fields } = known;
  const headers = requestFields(request.headers);
  headers.push(
    ...fields,
    "x-forwarded-for",
    request.socket.remoteAddress ?? "",
    "x-forwarded-host",
    request.headers.host ?? "",
  );
  headers.push("x-forwarded-proto", "http", "x-forwarded-prefix", route, "traceparent", formatTrace(trace));
  if (trace.state !== undefined) headers.push("tracestate", trace.state);
  if (baggage !== undefined) headers.push("baggage", formatBaggage(baggage));
  if (caller !== undefined && caller.assertion !== "") headers.push(callerHeader, caller.assertion);
  return headers;
}

async function passOn(exchange: Exchange, { status, headers, body }: UpstreamAnswer): Promise<void> {
  const { request, response } = exchange;
  const fields = answerFields(headers);
  const length = headers["content-length"];
  const bodiless = request.method === "HEAD" || status === 204 || status === 304;
  if (!bodiless && length !== undefined && Number(length) <= wholeBytesMax) {
    const bytes = await body.bytes(wholeBytesMax);
    answerBytes(exchange, { status, bytes, headers: fields });
    return;
  }
  if (length !== undefined) fields.push("content-length", length);
  response.writeHead(status, [...exchange.headers, ...fields]);
  try {
    if (!bodiless) await pour(exchange, body, (chunk) => chunk);
    else body.cancel(undefined);
    response.end();
    cutWhenStuck(exchange);
  } catch (error) {
    // Half a body must not look like a whole one.
    response.destroy();
    throw error;
  }
}
