/** The memory transport is a transport, and costs next to nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Call, type Handler, type Operation, type Reply, virtualClock } from "@cantle/core";
import { transportConformance } from "../conformance.ts";
import type { Doors } from "../transport.ts";
import { dialMemory } from "./dial.ts";
import { memoryHub } from "./hub.ts";
import { listenMemory } from "./listen.ts";

transportConformance(
  "memory",
  async ({ doors, clock }) => {
    const hub = memoryHub();
    const listener = listenMemory("things-1", doors, { hub, clock });
    const connection = dialMemory(hub, "things-1");
    return { connection, listener, close: () => listener.stop(0) };
  },
  { sameProcess: true },
);

const operation = { service: "things", name: "echo", version: "1.2.0" } as Operation;

function serve(handle: Handler) {
  const clock = virtualClock();
  const hub = memoryHub();
  let found = 0;
  const doors: Doors = {
    find() {
      found++;
      return { operation, handle };
    },
    list: () => [],
    peerOf: () => assert.fail("nobody asks who calls"),
    callerOf: () => assert.fail("nobody asks for whom"),
  };
  const listen = () => listenMemory("things-1", doors, { hub, clock });
  return { clock, hub, listen, connection: dialMemory(hub, "things-1"), found: () => found };
}

function callOf(): Call {
  return new Call(operation, {
    payload: { kind: "value", value: { text: "x" } },
    peer: { service: "orders", uses: "*" },
    trace: { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: false },
    deadlineMs: Number.POSITIVE_INFINITY,
  });
}

test("the handler gets the caller's own call, the caller the handler's own reply, and the operation is looked up once", async () => {
  const reply: Reply = { kind: "value", value: {} };
  let seen: Call | undefined;
  const { listen, connection, found } = serve(async (call) => {
    seen = call;
    return reply;
  });
  const listener = listen();
  for (let n = 0; n < 3; n++) {
    const call = callOf();
    assert.equal(await connection.handle(call), reply);
    assert.equal(seen, call);
  }
  assert.equal(found(), 1);
  await listener.stop();
});

test("an instance that is not there yet, or any more, is CONNECT_FAILED; its id may be served again, but not twice", async () => {
  const { listen, connection } = serve(async () => ({ kind: "value", value: 1 }));
  await assert.rejects(connection.handle(callOf()), { code: "CONNECT_FAILED" });
  for (let life = 0; life < 2; life++) {
    const listener = listen();
    assert.throws(listen, { code: "PORT_BUSY" });
    await connection.handle(callOf());
    await listener.stop();
    await assert.rejects(connection.handle(callOf()), { code: "CONNECT_FAILED" });
  }
  const listener = listen();
  await connection.close();
  await assert.rejects(connection.handle(callOf()), { code: "CONNECT_FAILED" });
  await listener.stop();
});

test("draining waits for every call, and for the last item of every stream", async () => {
  const ends: (() => void)[] = [];
  const { listen, connection } = serve(
    () => new Promise((resolve) => ends.push(() => resolve({ kind: "items", items: two() }))),
  );
  async function* two() {
    yield 1;
    yield 2;
  }
  const listener = listen();
  const answers = [connection.handle(callOf()), connection.handle(callOf())];
  let drained = false;
  const done = listener.drain().then(() => {
    drained = true;
  });
  for (const end of ends) end();
  for (const answer of answers) {
    const reply = await answer;
    assert.equal(drained, false);
    assert.ok(reply.kind === "items");
    for await (const _ of reply.items) assert.equal(drained, false);
  }
  await done;
});

test("stop waits no longer than its grace", async () => {
  const { clock, listen, connection } = serve(() => new Promise(() => {}));
  const listener = listen();
  void connection.handle(callOf());
  let stopped = false;
  const done = listener.stop(500).then(() => {
    stopped = true;
  });
  await clock.advance(499);
  assert.equal(stopped, false);
  await clock.advance(1);
  await done;
});

test("a handler that throws before it answers rejects like any other", async () => {
  const { listen, connection } = serve(() => {
    throw new RangeError("at once");
  });
  const listener = listen();
  await assert.rejects(connection.handle(callOf()), RangeError);
  await listener.stop();
});
