/**
 * What every transport must do, as tests. A transport proves itself by calling `transportConformance` from a test file:
 *
 *     transportConformance("unix", async (setup) => ({ connection, listener, close }));
 *
 * Each test opens its own pair, so none sees another's state. Nothing here measures time: the clock only moves when told to,
 * and every wait is for something that happens.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Bytes,
  Call,
  type Caller,
  CantleError,
  type Clock,
  type Handler,
  isCantleError,
  type Operation,
  type Payload,
  type Reply,
  virtualClock,
} from "@cantle/core";
import type { Connection, Doors, Listener, Served } from "./transport.ts";

/** What a pair is opened with. */
export interface ConformanceSetup {
  readonly doors: Doors;
  readonly clock: Clock;
  /** The peer token of the dialling side; `undefined` for none. */
  readonly token: string | undefined;
  /** The services that the dialling side hosts. */
  readonly services: readonly string[];
}

/** Both ends of one way to call. */
export interface ConformancePair {
  readonly connection: Connection;
  readonly listener: Listener;
  /** Closes the connection and stops the listener, and whatever else was made. */
  close(): Promise<void>;
}

/** What a transport cannot be asked, because it has no such thing. */
export interface ConformanceLimits {
  /** True where both ends are one process, so that nothing can be cut and nobody's identity is in doubt. Default false. */
  readonly sameProcess?: boolean;
  /** False where one stalled stream cannot hold its source back. Default true. */
  readonly backPressure?: boolean;
}

/** Describes the tests of a transport called `name`, whose pairs are made by `connect`. */
export function transportConformance(
  name: string,
  connect: (setup: ConformanceSetup) => Promise<ConformancePair>,
  { sameProcess = false, backPressure = true }: ConformanceLimits = {},
): void {
  /** A test with a pair of its own, closed whatever happens. */
  function check(title: string, body: (pair: Pair) => Promise<void>, options: { token?: string } = {}): void {
    test(title, { timeout: 20_000 }, async () => {
      const clock = virtualClock();
      const backend = createBackend(clock);
      const token = "token" in options ? options.token : peerToken;
      const pair = await connect({ doors: backend.doors, clock, token, services: ["orders", "billing"] });
      try {
        await body({
          ...pair,
          backend,
          clock,
          call: (operation, start) => pair.connection.handle(callOf(operation, start)),
        });
      } finally {
        await pair.close();
      }
    });
  }

  describe(`transport ${name}: values`, () => {
    check("a value goes there and comes back", async ({ call }) => {
      const input = { text: "Grüße, 世界 🌍 \u0000 \u2028", list: [1, 2.5, null, true, { deep: [] }] };
      assert.deepEqual(await read(await call(echo, { payload: { kind: "value", value: input } })), input);
    });

    check("JSON bytes go there and come back", async ({ call }) => {
      const payload: Payload = { kind: "bytes", bytes: Buffer.from(`{"text":"as bytes"}`) };
      assert.deepEqual(await read(await call(echo, { payload })), { text: "as bytes" });
    });

    check("empty bytes are the empty input", async ({ call }) => {
      assert.deepEqual(await read(await call(echo, { payload: { kind: "bytes", bytes: new Uint8Array() } })), {});
    });

    check("the parts of an HTTP request go there", async ({ call }) => {
      const get: Payload = { kind: "http", params: { id: "a/ü" }, query: "text=1%202", bytes: new Uint8Array() };
      assert.deepEqual(await read(await call(readOne, { payload: get })), { id: "a/ü", text: "1 2" });
      const put: Payload = { kind: "http", params: { id: "7" }, query: "", bytes: Buffer.from(`{"text":"x"}`) };
      assert.deepEqual(await read(await call(change, { payload: put })), { id: "7", text: "x" });
    });

    check("a body of a mebibyte goes both ways", async ({ call }) => {
      const text = "ä€x".repeat(1 << 18);
      assert.deepEqual(await read(await call(echo, { payload: { kind: "value", value: { text } } })), { text });
    });

    check("200 calls at once each get their own reply", async ({ call }) => {
      const replies = await Promise.all(
        Array.from({ length: 200 }, (_, n) => call(echo, { payload: { kind: "value", value: { text: String(n) } } })),
      );
      for (const [n, reply] of replies.entries()) assert.deepEqual(await read(reply), { text: String(n) });
    });

    check("names that every object has are ordinary members", async ({ call }) => {
      const bytes = Buffer.from(`{"text":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`);
      await read(await call(echo, { payload: { kind: "bytes", bytes } }));
      assert.equal("polluted" in {}, false);
    });

    check("a reply without output is empty", async ({ call }) => {
      assert.equal(await read(await call(nothing, { payload: empty })), undefined);
    });

    check("a reply says whether a hop below has retried", async ({ call, backend }) => {
      backend.on(echo, async () => ({ kind: "value", value: {}, retried: true }));
      assert.equal((await call(echo)).retried, true);
      backend.on(echo, async () => ({ kind: "value", value: {} }));
      assert.ok(!(await call(echo)).retried);
    });
  });

  describe(`transport ${name}: what travels with a call`, () => {
    check("trace, idempotency key, peer and caller arrive", async ({ call, backend }) => {
      const trace = {
        traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
        spanId: "00f067aa0ba902b7",
        sampled: true,
        state: "a=1,b=2",
      };
      const caller: Caller = { id: "ann", roles: ["admin"], assertion: "assertion-of-ann" };
      await call(echo, { trace, caller, idempotencyKey: "key-1", peer: "billing" });
      const seen = backend.calls[0]!;
      assert.deepEqual({ ...seen.trace }, trace);
      assert.equal(seen.idempotencyKey, "key-1");
      assert.equal(seen.peer.service, "billing");
      assert.equal(seen.caller?.id, "ann");
      assert.deepEqual(seen.caller?.roles, ["admin"]);
    });

    check("what a call does not have does not arrive", async ({ call, backend }) => {
      await call(echo);
      const seen = backend.calls[0]!;
      assert.equal(seen.caller, undefined);
      assert.equal(seen.idempotencyKey, undefined);
      assert.equal(seen.upload, undefined);
      assert.equal(seen.trace.state, undefined);
    });

    check("the deadline arrives as what is left of it", async ({ call, backend, clock }) => {
      await call(echo, { deadlineMs: clock.nowMs() + 750 });
      const left = backend.calls[0]!.deadlineMs - clock.nowMs();
      assert.ok(left > 700 && left <= 750, `left ${left}`);
      await call(echo, { deadlineMs: Number.POSITIVE_INFINITY });
      assert.equal(backend.calls[1]!.deadlineMs, Number.POSITIVE_INFINITY);
    });
  });

  describe(`transport ${name}: failures`, () => {
    check("a coded error arrives as it was thrown, without what is for the log", async ({ call, backend }) => {
      backend.on(echo, async () => {
        throw new CantleError("INPUT_INVALID", "the input does not fit", {
          errors: { "/text": ["is required"] },
          retried: true,
          retryAfterSeconds: 3,
          notes: sameProcess ? "" : "only for the log",
        });
      });
      const error = await failure(call(echo));
      assert.equal(error.code, "INPUT_INVALID");
      assert.equal(error.message, "the input does not fit");
      assert.deepEqual(error.errors, { "/text": ["is required"] });
      assert.equal(error.retried, true);
      assert.equal(error.retryAfterSeconds, 3);
      if (!sameProcess) assert.equal(error.notes, undefined);
    });

    check("a declared error arrives with its name, status and data", async ({ call, backend }) => {
      const data = { email: "a@b.c" };
      backend.on(echo, async () => {
        throw new CantleError("DECLARED", "taken", { failure: "EmailTaken", status: 409, data });
      });
      const error = await failure(call(echo));
      assert.deepEqual([error.code, error.failure, error.status], ["DECLARED", "EmailTaken", 409]);
      assert.deepEqual(error.data, data);
    });

    if (!sameProcess) {
      check("anything else that is thrown tells nothing", async ({ call, backend }) => {
        for (const thrown of [new TypeError("secret of the house"), "secret of the house", null]) {
          backend.on(echo, () => Promise.reject(thrown));
          const error = await failure(call(echo));
          assert.equal(error.code, "INTERNAL");
          assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /secret/);
        }
      });

      check(
        "a reply that JSON cannot say is an error of the service, and the next call is fine",
        async ({ call, backend }) => {
          const cycle: Record<string, unknown> = {};
          cycle.self = cycle;
          for (const value of [cycle, 1n]) {
            backend.on(echo, async () => ({ kind: "value", value }));
            assert.ok(["INTERNAL", "OUTPUT_INVALID"].includes((await failure(call(echo))).code));
          }
          backend.on(echo, async () => ({ kind: "value", value: 1 }));
          assert.equal(await read(await call(echo)), 1);
        },
      );
    }

    for (const odd of ["missing", "__proto__", "constructor", "toString", "hasOwnProperty", "__defineGetter__"]) {
      check(`there is no operation '${odd}'`, async ({ call, backend }) => {
        const error = await failure(call({ ...echo, name: odd, path: "/nowhere" }));
        assert.ok(["OPERATION_UNKNOWN", "ROUTE_UNKNOWN"].includes(error.code), error.code);
        assert.equal(backend.calls.length, 0);
      });
    }

    if (!sameProcess) {
      check(
        "a peer without a token is refused",
        async ({ call, backend }) => {
          assert.equal((await failure(call(echo))).code, "PEER_REFUSED");
          assert.equal(backend.calls.length, 0);
        },
        { token: undefined as never },
      );

      check(
        "a peer with a forged token is refused",
        async ({ call, backend }) => {
          assert.equal((await failure(call(echo))).code, "PEER_REFUSED");
          assert.equal(backend.calls.length, 0);
        },
        { token: "forged" },
      );

      check("a peer that speaks for a service of another unit is refused", async ({ call, backend }) => {
        assert.equal((await failure(call(echo, { peer: "payroll" }))).code, "PEER_REFUSED");
        assert.equal(backend.calls.length, 0);
        await call(echo, { peer: "orders" });
      });

      check("a forged caller is refused", async ({ call, backend }) => {
        const caller: Caller = { id: "eve", roles: ["admin"], assertion: "forged" };
        assert.equal((await failure(call(echo, { caller }))).code, "UNAUTHENTICATED");
        assert.equal(backend.calls.length, 0);
      });
    }
  });

  describe(`transport ${name}: streams`, () => {
    check("items arrive in order", async ({ call, backend }) => {
      backend.on(stream, async () => ({ kind: "items", items: countTo(500) }));
      const items: unknown[] = [];
      for await (const item of itemsOf(await call(stream))) items.push(item);
      assert.deepEqual(
        items,
        Array.from({ length: 500 }, (_, n) => ({ n })),
      );
    });

    check("a stream may be empty", async ({ call, backend }) => {
      backend.on(stream, async () => ({ kind: "items", items: countTo(0) }));
      for await (const item of itemsOf(await call(stream))) assert.fail(`got ${JSON.stringify(item)}`);
    });

    check("an error in a stream arrives after its items", async ({ call, backend }) => {
      backend.on(stream, async () => ({
        kind: "items",
        items: (async function* () {
          yield { n: 1 };
          throw new CantleError("DECLARED", "gone", { failure: "Gone", status: 410 });
        })(),
      }));
      const items: unknown[] = [];
      const error = await failure(
        (async () => {
          for await (const item of itemsOf(await call(stream))) items.push(item);
        })(),
      );
      assert.deepEqual(items, [{ n: 1 }]);
      assert.equal(error.failure, "Gone");
    });

    check("leaving a stream ends its source", async ({ call, backend }) => {
      const ended = gate();
      backend.on(stream, async () => ({ kind: "items", items: endless(ended.open) }));
      for await (const item of itemsOf(await call(stream))) if ((item as { n: number }).n === 3) break;
      await ended.opened;
    });

    check("a download arrives whole, with its type", async ({ call, backend }) => {
      const chunks = [Buffer.alloc(100_000, 1), Buffer.alloc(0), Buffer.alloc(300_000, 2)];
      const download: Bytes = { type: "image/png", size: 400_000, chunks: each(chunks) };
      backend.on(photo, async () => ({ kind: "download", download }));
      const reply = await call(photo);
      assert.ok(reply.kind === "download");
      assert.equal(reply.download.type, "image/png");
      assert.ok(reply.download.size === undefined || reply.download.size === 400_000);
      assert.ok(Buffer.concat(chunks).equals(await collect(reply.download)));
    });

    check("an upload arrives whole, with its type", async ({ call, backend }) => {
      backend.on(putPhoto, async (received) => {
        const bytes = await collect(received.upload!);
        return { kind: "value", value: { type: received.upload!.type, bytes: bytes.length, last: bytes.at(-1) } };
      });
      const upload: Bytes = { type: "image/jpeg", chunks: each([Buffer.alloc(70_000, 3), Buffer.alloc(200_000, 9)]) };
      const reply = await read(await call(putPhoto, { upload }));
      assert.deepEqual(reply, { type: "image/jpeg", bytes: 270_000, last: 9 });
    });

    check("an upload whose source fails fails the call, and the handler is told", async ({ call, backend }) => {
      const told = gate();
      backend.on(putPhoto, async (received) => {
        await collect(received.upload!).catch(told.open);
        throw new CantleError("INTERNAL", "the upload broke");
      });
      const source = (async function* () {
        yield Buffer.alloc(1000);
        throw new CantleError("BODY_MALFORMED", "the source broke");
      })();
      await failure(call(putPhoto, { upload: { type: "image/png", chunks: source } }));
      await told.opened;
    });

    check("a handler may answer without reading the upload, and its source is let go", async ({ call, backend }) => {
      backend.on(putPhoto, async () => {
        throw new CantleError("FORBIDDEN", "no");
      });
      const ended = gate();
      const chunks = endlessBytes(ended.open);
      assert.equal((await failure(call(putPhoto, { upload: { type: "image/png", chunks } }))).code, "FORBIDDEN");
      if (!sameProcess) await ended.opened;
    });

    if (backPressure && !sameProcess) {
      check("a slow reader holds a stream's source back", async ({ call, backend }) => {
        const ended = gate();
        const source = counted(endlessBytes(ended.open));
        backend.on(photo, async () => ({ kind: "download", download: { type: "image/png", chunks: source.chunks } }));
        const reply = await call(photo);
        assert.ok(reply.kind === "download");
        const reader = reply.download.chunks[Symbol.asyncIterator]();
        await reader.next();
        await source.stalled();
        assert.ok(source.bytes() < 16 * 1024 * 1024, `${source.bytes()} bytes were read ahead`);
        await reader.return?.();
        await ended.opened;
      });

      check("a slow handler holds an upload's source back", async ({ call, backend }) => {
        const ended = gate();
        const source = counted(endlessBytes(ended.open));
        const release = gate();
        backend.on(putPhoto, async () => {
          await release.opened;
          return { kind: "value", value: {} };
        });
        const answer = call(putPhoto, { upload: { type: "image/png", chunks: source.chunks } });
        await source.stalled();
        assert.ok(source.bytes() < 16 * 1024 * 1024, `${source.bytes()} bytes were read ahead`);
        release.open();
        await answer;
        await ended.opened;
      });
    }
  });

  describe(`transport ${name}: endings`, () => {
    check("a cancelled call ends at once with the reason, and its handler is told", async ({ connection, backend }) => {
      const [entered, told] = [gate(), gate()];
      backend.on(echo, (received) => {
        received.onCancel(told.open);
        entered.open();
        return new Promise<Reply>((_, reject) => void received.onCancel(reject));
      });
      const outgoing = callOf(echo);
      const answer = failure(connection.handle(outgoing));
      await entered.opened;
      const reason = new CantleError("DEADLINE_EXCEEDED", "the deadline passed");
      outgoing.cancel(reason);
      assert.equal(await answer, reason);
      await told.opened;
    });

    if (!sameProcess) {
      check("a call that was cancelled before it was made is not made", async ({ connection, backend }) => {
        const outgoing = callOf(echo);
        const reason = new CantleError("CANCELLED", "never mind");
        outgoing.cancel(reason);
        assert.equal(await failure(connection.handle(outgoing)), reason);
        await connection.handle(callOf(echo));
        assert.equal(backend.calls.length, 1);
      });

      check("cancelling in the middle of a stream ends both sides", async ({ connection, backend }) => {
        const ended = gate();
        backend.on(stream, async () => ({ kind: "items", items: endless(ended.open) }));
        const outgoing = callOf(stream);
        const items = itemsOf(await connection.handle(outgoing))[Symbol.asyncIterator]();
        await items.next();
        outgoing.cancel(new CantleError("DEADLINE_EXCEEDED", "too late"));
        const error = await failure(drainOf(items));
        assert.equal(error.code, "DEADLINE_EXCEEDED");
        await ended.opened;
      });

      check("a client that goes away cancels its calls", async ({ connection, backend }) => {
        const [entered, told] = [gate(), gate()];
        backend.on(echo, (received) => {
          received.onCancel(told.open);
          entered.open();
          return new Promise<Reply>((_, reject) => void received.onCancel(reject));
        });
        const answer = failure(connection.handle(callOf(echo)));
        await entered.opened;
        await connection.close();
        assert.equal((await answer).code, "UNREACHABLE");
        await told.opened;
        assert.equal(connection.state, "closed");
        assert.equal((await failure(connection.handle(callOf(echo)))).code, "UNREACHABLE");
      });

      check("a server that stops fails the calls in flight", async ({ connection, listener, backend }) => {
        const entered = gate();
        backend.on(echo, (received) => {
          entered.open();
          return new Promise<Reply>((_, reject) => void received.onCancel(reject));
        });
        const answer = failure(connection.handle(callOf(echo)));
        await entered.opened;
        await listener.stop(0);
        assert.ok(["UNREACHABLE", "CANCELLED", "UNAVAILABLE"].includes((await answer).code));
        const after = await failure(connection.handle(callOf(echo)));
        assert.ok(["UNREACHABLE", "DRAINING"].includes(after.code), after.code);
      });
    }

    check(
      "draining finishes what is in flight and takes nothing new",
      async ({ connection, listener, backend, call }) => {
        const [entered, release] = [gate(), gate()];
        backend.on(echo, async () => {
          entered.open();
          await release.opened;
          return { kind: "value", value: "done" };
        });
        const answer = call(echo);
        await entered.opened;
        let drained = false;
        const draining = listener.drain().then(() => {
          drained = true;
        });
        const refused = await failure(connection.handle(callOf(nothing)));
        assert.ok(["DRAINING", "UNREACHABLE"].includes(refused.code), refused.code);
        assert.equal(drained, false);
        release.open();
        assert.equal(await read(await answer), "done");
        await draining;
      },
    );

    check(
      "draining with nothing in flight is done at once, and twice is the same as once",
      async ({ listener, call }) => {
        await call(echo);
        await Promise.all([listener.drain(), listener.drain()]);
        await listener.stop();
        await listener.stop();
      },
    );
  });
}

interface Pair extends ConformancePair {
  readonly backend: Backend;
  readonly clock: Clock;
  call(operation: Operation, start?: CallOptions): Promise<Reply>;
}

interface CallOptions {
  readonly payload?: Payload;
  readonly peer?: string;
  readonly caller?: Caller;
  readonly trace?: Call["trace"];
  readonly deadlineMs?: number;
  readonly idempotencyKey?: string;
  readonly upload?: Bytes;
}

const peerToken = "token-of-shop";
const empty: Payload = { kind: "value", value: {} };

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

const echo = operation("echo", {});
const readOne = operation("readOne", { method: "GET", path: "/things/{id}", idempotent: true });
const change = operation("change", { method: "PUT", path: "/things/{id}", idempotent: true });
const nothing = operation("nothing", { status: 204 });
const stream = operation("stream", { method: "GET", path: "/streams", shape: "stream", idempotent: true });
const photo = operation("photo", { method: "GET", path: "/photos", shape: "download", idempotent: true });
const putPhoto = operation("putPhoto", {
  method: "PUT",
  path: "/photos",
  shape: "upload",
  idempotent: true,
  uploadBytesMax: 1 << 30,
});
const operations = [echo, readOne, change, nothing, stream, photo, putPhoto];

interface Backend {
  readonly doors: Doors;
  /** The calls that reached a handler. */
  readonly calls: Call[];
  on(operation: Operation, handle: Handler): void;
}

/** The serving side: handlers that echo until a test says otherwise, one unit of two services, one user. */
function createBackend(clock: Clock): Backend {
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
  assert.equal(clock.nowMs(), 0);
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

function callOf(operation: Operation, start: CallOptions = {}): Call {
  return new Call(operation, {
    payload: start.payload ?? empty,
    peer: { service: start.peer ?? "orders", uses: new Set(["things"]) },
    caller: start.caller,
    trace: start.trace ?? { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: false },
    deadlineMs: start.deadlineMs ?? Number.POSITIVE_INFINITY,
    idempotencyKey: start.idempotencyKey,
    upload: start.upload,
  });
}

/** The value of a reply, whether it came as such or as JSON. */
async function read(reply: Reply): Promise<unknown> {
  if (reply.kind === "value") return reply.value;
  assert.ok(reply.kind === "bytes", `a reply of kind '${reply.kind}'`);
  return reply.bytes.length === 0 ? undefined : JSON.parse(Buffer.from(reply.bytes).toString());
}

/** The CantleError that a promise ends with. */
async function failure(promise: Promise<unknown>): Promise<CantleError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(isCantleError(error), `not coded: ${error}`);
    return error;
  }
  return assert.fail("it did not fail");
}

function itemsOf(reply: Reply): AsyncIterable<unknown> {
  assert.ok(reply.kind === "items", `a reply of kind '${reply.kind}'`);
  return reply.items;
}

async function drainOf(items: AsyncIterator<unknown>): Promise<void> {
  while (!(await items.next()).done);
}

async function collect(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes.chunks) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function* countTo(end: number): AsyncGenerator<{ n: number }> {
  for (let n = 0; n < end; n++) yield { n };
}

async function* endless(ended: () => void): AsyncGenerator<{ n: number }> {
  try {
    for (let n = 0; ; n++) yield { n };
  } finally {
    ended();
  }
}

async function* endlessBytes(ended: () => void): AsyncGenerator<Uint8Array> {
  try {
    for (;;) yield Buffer.alloc(64 * 1024);
  } finally {
    ended();
  }
}

async function* each<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}

/** A source that tells how much of it was read, and when nobody has asked for more through many turns of the event loop. */
function counted(source: AsyncIterable<Uint8Array>) {
  let bytes = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  async function stalled(): Promise<void> {
    for (let before = -1; before !== bytes; ) {
      before = bytes;
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (bytes === 0) before = -1;
    }
  }
  return { chunks: chunks(), bytes: () => bytes, stalled };
}

function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: () => resolve() };
}
