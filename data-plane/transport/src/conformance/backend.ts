/**
 * The serving side of the suite, and calls to it: handlers that echo until a test says otherwise, one unit of two services, one user.
 */
import { type Bytes, Call, type Caller, CantleError, type Handler, type Operation, type Payload } from "@cantle/core";
import type { Doors, Served } from "../transport.ts";

/** What a call of a test has besides what every call has. */
export interface CallOptions {
  readonly payload?: Payload;
  readonly peer?: string;
  readonly caller?: Caller;
  readonly trace?: Call["trace"];
  readonly deadlineMs?: number;
  readonly idempotencyKey?: string;
  readonly baggage?: Call["baggage"];
  readonly upload?: Bytes;
}

/** The token of the unit that may call. */
export const peerToken = "token-of-shop";
/** The empty input. */
export const empty: Payload = { kind: "value", value: {} };

function operation(name: string, rest: Partial<Operation>): Operation {
  return {
    kind: "operation",
    service: "things",
    name,
    version: "1.2.0",
    method: "POST",
    path: `/things/${name}`,
    shape: "value",
    status: 200,
    idempotent: false,
    timeoutMs: 10_000,
    uploadBytesMax: 0,
    bodyBytesMax: 4 * 1024 * 1024,
    deprecated: false,
    access: "public",
    ...rest,
  };
}

/** Answers with its input. */
export const echo = operation("echo", {});
/** The same by path and query. */
export const readOne = operation("readOne", { method: "GET", path: "/things/{id}", idempotent: true });
/** The same by path and body. */
export const change = operation("change", { method: "PUT", path: "/things/{id}", idempotent: true });
/** Has no output. */
export const nothing = operation("nothing", { status: 204 });
/** Answers with items. */
export const stream = operation("stream", { method: "GET", path: "/streams", shape: "stream", idempotent: true });
/** Answers with bytes. */
export const photo = operation("photo", { method: "GET", path: "/photos", shape: "download", idempotent: true });
/** Takes bytes. */
export const putPhoto = operation("putPhoto", {
  method: "PUT",
  path: "/photos",
  shape: "upload",
  idempotent: true,
  uploadBytesMax: 1 << 30,
});
const operations = [echo, readOne, change, nothing, stream, photo, putPhoto];

/** The serving side. */
export interface Backend {
  readonly doors: Doors;
  /** The calls that reached a handler. */
  readonly calls: Call[];
  /** From now on, `handle` answers. */
  on(operation: Operation, handle: Handler): void;
}

/** Makes one. */
export function createBackend(): Backend {
  const calls: Call[] = [];
  const handlers = new Map<Operation, Handler>();
  const echoing: Handler = async (call) => ({ kind: "value", value: await inputOf(call.payload) });
  handlers.set(nothing, async () => ({ kind: "value", value: undefined }));
  const served = new Map<string, Served>(
    operations.map((each) => [
      each.name,
      {
        operation: each,
        handle: (call) => {
          calls.push(call);
          return (handlers.get(each) ?? echoing)(call);
        },
      },
    ]),
  );
  return {
    calls,
    on: (each, handle) => void handlers.set(each, handle),
    doors: {
      find: (service, name) => (service === "things" ? served.get(name) : undefined),
      list: () => [...served.values()],
      peerOf(token, service) {
        if (token === peerToken && ["orders", "billing"].includes(service))
          return { service, uses: new Set(["things"]) };
        throw new CantleError("PEER_REFUSED", `'${service}' is not who it says`);
      },
      async callerOf(assertion) {
        if (assertion === "assertion-of-ann") return { id: "ann", roles: ["admin"], assertion };
        throw new CantleError("UNAUTHENTICATED", "the caller's assertion is not valid");
      },
    },
  };
}

/** The input that a payload says; strings only in path and query. */
function inputOf(payload: Payload): unknown {
  if (payload.kind === "value") return payload.value;
  const body = payload.bytes.length === 0 ? {} : JSON.parse(Buffer.from(payload.bytes).toString());
  if (payload.kind === "bytes") return body;
  return { ...body, ...Object.fromEntries(new URLSearchParams(payload.query)), ...payload.params };
}

/** A call from `orders`, unless the test says otherwise. */
export function callOf(operation: Operation, start: CallOptions = {}): Call {
  return new Call(operation, {
    payload: start.payload ?? empty,
    peer: { service: start.peer ?? "orders", uses: new Set(["things"]) },
    caller: start.caller,
    trace: start.trace ?? { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: false },
    deadlineMs: start.deadlineMs ?? Number.POSITIVE_INFINITY,
    idempotencyKey: start.idempotencyKey,
    baggage: start.baggage,
    upload: start.upload,
  });
}
