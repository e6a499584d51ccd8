import assert from "node:assert/strict";
import { test } from "node:test";
import { Call, type Payload } from "./call.ts";
import type { Operation } from "./operation.ts";

const operation: Operation = {
  kind: "operation",
  service: "accounts",
  name: "read",
  version: "1.0.0",
  method: "GET",
  path: "/accounts/{id}",
  shape: "value",
  status: 200,
  idempotent: true,
  timeoutMs: 1000,
  uploadBytesMax: 0,
  bodyBytesMax: 1024,
  deprecated: false,
};

const begin = (payload: Payload = { kind: "value", value: { id: "1" } }) =>
  new Call(operation, {
    payload,
    peer: { service: "posts", uses: new Set(["accounts"]) },
    trace: { traceId: "1".repeat(32), spanId: "2".repeat(16), sampled: false },
    deadlineMs: Number.POSITIVE_INFINITY,
  });

test("a cancelled call tells every listener the reason, once", () => {
  const call = begin();
  const heard: unknown[] = [];
  call.onCancel((reason) => heard.push(["first", reason]));
  call.onCancel((reason) => heard.push(["second", reason]));
  call.cancel("gone");
  call.cancel("again");
  assert.deepEqual(heard, [
    ["first", "gone"],
    ["second", "gone"],
  ]);
  assert.equal(call.cancelled, "gone");
});

test("who listens to a call that was cancelled before is told at once", () => {
  const call = begin();
  call.cancel("gone");
  const heard: unknown[] = [];
  call.onCancel((reason) => heard.push(reason))();
  assert.deepEqual(heard, ["gone"]);
});

test("who stopped listening hears nothing, even when stopped by another listener of the same cancellation", () => {
  const call = begin();
  const heard: string[] = [];
  call.onCancel(() => stop());
  const stop = call.onCancel(() => heard.push("stopped listener"));
  const early = call.onCancel(() => heard.push("early listener"));
  early();
  call.cancel("gone");
  assert.deepEqual(heard, []);
});

test("a listener that cancels again changes nothing", () => {
  const call = begin();
  let told = 0;
  call.onCancel(() => {
    told++;
    call.cancel("other");
  });
  call.cancel("gone");
  assert.equal(told, 1);
  assert.equal(call.cancelled, "gone");
});

test("the signal aborts with the reason, whether it was asked for before or after", () => {
  const reason = new DOMException("gone", "AbortError");
  const before = begin();
  const signal = before.signal;
  assert.equal(signal.aborted, false);
  before.cancel(reason);
  assert.equal(signal.reason, reason);
  const after = begin();
  after.cancel(reason);
  assert.equal(after.signal.aborted, true);
  assert.equal(after.signal.reason, reason);
  assert.equal(after.signal, after.signal);
});

test("a call that nobody cancelled is not cancelled", () => {
  const call = begin();
  assert.equal(call.cancelled, undefined);
  assert.equal(call.signal.aborted, false);
});

test("a twin is the same call to whoever answers it, and is cancelled apart", () => {
  const call = begin();
  call.atMs = 7;
  const twin = call.twin(50);
  assert.deepEqual(
    [twin.operation, twin.payload, twin.peer, twin.trace],
    [operation, call.payload, call.peer, call.trace],
  );
  assert.deepEqual([twin.atMs, twin.deadlineMs, call.deadlineMs], [7, 50, Number.POSITIVE_INFINITY]);
  twin.cancel("slower");
  assert.equal(call.cancelled, undefined);
});

test("a value is said as JSON once, as it was when somebody first asked, and twins know it", () => {
  const input = { id: "1" };
  const call = begin({ kind: "value", value: input });
  assert.equal(call.valueText(), '{"id":"1"}');
  input.id = "2";
  assert.equal(call.twin().valueText(), '{"id":"1"}');
  assert.equal(begin({ kind: "value", value: undefined }).valueText(), "");
  assert.throws(() => begin({ kind: "value", value: 1n }).valueText(), { code: "INPUT_INVALID" });
});
