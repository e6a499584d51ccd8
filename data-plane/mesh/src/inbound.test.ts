import assert from "node:assert/strict";
import { test } from "node:test";
import { failOf } from "@cantle/contract";
import { type Bytes, type Caller, CantleError, toRecord } from "@cantle/core";
import { createLogger, type LogFields } from "@cantle/telemetry";
import type { Work } from "./answered.ts";
import { fixture, things, withCode } from "./fixture.ts";
import { inbound } from "./inbound.ts";

const { read, mine, admin } = things.operations;
const user = (...roles: string[]): Caller => ({ id: "u", roles, assertion: "" });

function served(operation: Parameters<typeof inbound>[0], work: Work, policies = {}) {
  const made = fixture(policies);
  return { ...made, handle: inbound(operation, made.host, work) };
}

test("the handler gets the validated input and the contract's output leaves, stripped", async () => {
  const { handle, call } = served(read, (input) => ({ ...(input as object), passwordHash: "secret" }));
  assert.deepEqual(await handle(call("read", { id: "7", stray: true })), { kind: "value", value: { id: "7" } });
});

test("what does not fit never enters the handler, and what it may not answer never leaves", async () => {
  let entered = 0;
  const { handle, call } = served(read, () => {
    entered++;
    return { id: 7 };
  });
  await assert.rejects(handle(call("read", { id: 7 })), withCode("INPUT_INVALID"));
  assert.equal(entered, 0);
  await assert.rejects(handle(call("read")), withCode("OUTPUT_INVALID"));
});

test("a peer that did not declare the call is refused, and one that did is not", async () => {
  const { handle, call } = served(read, (input) => input);
  await assert.rejects(
    handle(call("read", { id: "1" }, { peer: { service: "thief", uses: new Set(["other"]) } })),
    withCode("PEER_REFUSED"),
  );
  await handle(call("read", { id: "1" }, { peer: { service: "friend", uses: new Set(["things"]) } }));
});

test("an operation for users wants a user, one for roles wants a role", async () => {
  const own = served(mine, () => "yours");
  await assert.rejects(own.handle(own.call("mine", {})), withCode("UNAUTHENTICATED"));
  await own.handle(own.call("mine", {}, { caller: user() }));
  const roles = served(admin, () => "ours");
  await assert.rejects(roles.handle(roles.call("admin", {})), withCode("UNAUTHENTICATED"));
  await assert.rejects(roles.handle(roles.call("admin", {}, { caller: user("editor") })), withCode("FORBIDDEN"));
  await roles.handle(roles.call("admin", {}, { caller: user("editor", "admin") }));
});

test("a declared failure leaves with its name, status and validated data", async () => {
  const { handle, call } = served(read, () => {
    throw failOf(read)("Gone", { when: "then", stray: 1 } as never);
  });
  await assert.rejects(handle(call("read")), (error: CantleError) => {
    assert.deepEqual(toRecord(error), {
      code: "DECLARED",
      message: "Gone",
      status: 410,
      failure: "Gone",
      data: { when: "then" },
    });
    return true;
  });
});

test("everything undeclared is INTERNAL outside, and is logged once with its cause inside", async () => {
  const logged: LogFields[] = [];
  const undeclared = [
    new Error("the password is hunter2"),
    "a string",
    new CantleError("INPUT_INVALID", "of another call"),
    new CantleError("DECLARED", "of another operation", { failure: "Gone", status: 410 }),
  ];
  for (const thrown of undeclared) {
    const made = fixture();
    const host = { ...made.host, log: createLogger((_level, _message, fields) => logged.push(fields)) };
    const handle = inbound(read, host, () => Promise.reject(thrown));
    await assert.rejects(
      handle(made.call("read")),
      (error: CantleError) => error.code === "INTERNAL" && !JSON.stringify(toRecord(error)).includes("hunter2"),
    );
  }
  assert.equal(logged.length, undeclared.length);
  assert.equal(logged[0]?.["error"], undeclared[0]);
});

test("what a service below could not do is UNAVAILABLE here, and not to be retried again", async () => {
  for (const code of [
    "UNREACHABLE",
    "CONNECT_FAILED",
    "OVERLOADED",
    "DRAINING",
    "BROKER_UNAVAILABLE",
    "BROKER_FULL",
  ] as const) {
    const { handle, call } = served(read, () => Promise.reject(new CantleError(code, "below")));
    await assert.rejects(handle(call("read")), (error: CantleError) => error.code === "UNAVAILABLE" && error.retried);
  }
});

test("over its cap an instance sheds at the door, and takes calls again when one is done", async () => {
  const release: (() => void)[] = [];
  const { handle, call } = served(read, (input) => new Promise((resolve) => release.push(() => resolve(input))), {
    things: { inFlightMax: 2 },
  });
  const first = [handle(call("read")), handle(call("read"))];
  await assert.rejects(
    handle(call("read")),
    (error: CantleError) => error.code === "OVERLOADED" && error.retryAfterSeconds === 1,
  );
  for (const each of release) each();
  await Promise.all(first);
  const again = handle(call("read"));
  release.at(-1)?.();
  await again;
});

test("a handler is told when the deadline passes, and its caller does not wait for it", async () => {
  const made = fixture({ things: { timeoutMs: 100 } });
  const call = made.call("read");
  let told: unknown;
  const handle = inbound(read, made.host, (_input, { signal }) => {
    signal.addEventListener("abort", () => (told = signal.reason));
    return new Promise(() => {});
  });
  const answer = assert.rejects(handle(call), withCode("DEADLINE_EXCEEDED"));
  await made.clock.advance(120);
  await answer;
  assert.equal((told as CantleError).code, "DEADLINE_EXCEEDED");
});

test("a handler that keeps or changes its input changes nothing for the caller", async () => {
  const given = { id: "1" };
  const { handle, call } = served(read, (input) => {
    (input as { id: string }).id = "changed";
    return input;
  });
  await handle(call("read", given));
  assert.deepEqual(given, { id: "1" });
});

test("a body and an upload over their limits are refused, declared or counted while they flow", async () => {
  const { handle, call } = served(read, (input) => input);
  const large = { kind: "bytes", bytes: new Uint8Array(read.bodyBytesMax + 1) } as const;
  const one = call("read");
  one.payload = large;
  await assert.rejects(handle(one), withCode("BODY_TOO_LARGE"));

  const { put: store } = things.operations;
  const upload = (bytes: number, more: Partial<Bytes> = {}): Bytes => ({
    type: "image/png",
    chunks: (async function* () {
      for (let left = bytes; left > 0; left--) yield new Uint8Array(1);
    })(),
    ...more,
  });
  const stored = served(store, async (_input, { upload }) => {
    let size = 0;
    for await (const chunk of upload?.chunks ?? []) size += chunk.byteLength;
    return size;
  });
  const send = (given: Bytes) => {
    const sent = stored.call("put", {});
    sent.upload = given;
    return stored.handle(sent);
  };
  assert.deepEqual(await send(upload(8)), { kind: "value", value: 8 });
  await assert.rejects(send(upload(9)), withCode("BODY_TOO_LARGE"));
  await assert.rejects(send(upload(1, { size: 9 })), withCode("BODY_TOO_LARGE"));
  await assert.rejects(send(upload(1, { type: "text/html" })), withCode("MEDIA_TYPE_UNSUPPORTED"));
});

test("what is thrown in the middle of a stream is told like what is thrown before it", async () => {
  const { watch } = things.operations;
  const thrown: [unknown, object][] = [
    [new TypeError("a secret"), { code: "INTERNAL", message: "something went wrong inside the service" }],
    [new CantleError("INPUT_INVALID", "a secret"), { code: "INTERNAL" }],
    [new CantleError("UNREACHABLE", "a secret"), { code: "UNAVAILABLE", retried: true }],
    [failOf(watch)("Gone", Object.assign({ when: "now" }, { secret: 1 })), { code: "DECLARED", data: { when: "now" } }],
    [failOf(read)("Gone", { when: "now" }), { code: "INTERNAL" }],
  ];
  for (const [error, expected] of thrown) {
    const { handle, call } = served(watch, async function* () {
      yield 1;
      throw error;
    });
    const reply = await handle(call("watch"));
    assert.ok(reply.kind === "items");
    const items: unknown[] = [];
    const reading = (async () => {
      for await (const item of reply.items) items.push(item);
    })();
    await assert.rejects(reading, expected);
    assert.deepEqual(items, [1]);
  }
  const { handle, call } = served(watch, async function* () {
    yield "no number";
  });
  const reply = await handle(call("watch"));
  assert.ok(reply.kind === "items");
  await assert.rejects(reply.items[Symbol.asyncIterator]().next(), withCode("OUTPUT_INVALID"));
});

test("a code that may pass takes no data, name or status with it", async () => {
  const { handle, call } = served(read, () => {
    throw new CantleError("UNAVAILABLE", "later", {
      data: { secret: 1 },
      failure: "Gone",
      status: 418,
      errors: { a: ["b"] },
    });
  });
  await assert.rejects(handle(call("read")), (error: CantleError) => {
    assert.deepEqual(toRecord(error), { code: "UNAVAILABLE", message: "later" });
    return true;
  });
});
