import assert from "node:assert/strict";
import { test } from "node:test";
import { CantleError, type Handler } from "@cantle/core";
import type { Note } from "@cantle/telemetry";
import { after, failure, fixture, reply, silence, things, withCode } from "./fixture.ts";
import { outbound } from "./outbound.ts";
import type { Policies } from "./policy.ts";

const { read, make } = things.operations;

/** A mesh whose endpoints count their calls. */
function counted(answers: Record<string, Handler>, policies: Policies = {}, zones: Record<string, string> = {}) {
  const made = fixture(policies);
  const counts: Record<string, number> = {};
  const handlers: Record<string, Handler> = {};
  for (const [id, answer] of Object.entries(answers)) {
    counts[id] = 0;
    handlers[id] = (call) => {
      counts[id] = (counts[id] as number) + 1;
      return answer(call);
    };
  }
  made.serve(handlers, Object.fromEntries(Object.entries(zones).map(([id, zone]) => [id, { zone }])));
  const notes: Note[] = [];
  const host = { ...made.host, observer: { ended() {}, noted: (note: Note) => void notes.push(note) } };
  return { ...made, host, counts, notes };
}
const ok: Handler = () => reply("ok");
const bad: Handler = () => failure("INTERNAL");
const once = { "*": { retriesMax: 0, slowStartMs: 0 } };

test("an endpoint that answers badly is left out and told of, and comes back on trial", async () => {
  const { host, call, clock, counts, notes } = counted({ a: bad, b: ok }, once);
  const send = outbound(read, host);
  const round = async (times: number) => {
    for (let at = 0; at < times; at++) await send(call("read")).catch(() => {});
  };
  await round(100);
  assert.equal(counts["a"], 5);
  assert.deepEqual(notes, [{ kind: "ejected", service: "things", endpoint: "a", outMs: 5_000 }]);
  await clock.advance(5_000);
  await round(100);
  assert.equal(counts["a"], 6, "one failure on trial puts it out again");
});

test("when all answer badly all are used", async () => {
  const { host, call, counts } = counted({ a: bad, b: bad }, { "*": { ...once["*"], breaker: false } });
  const send = outbound(read, host);
  for (let at = 0; at < 200; at++) await assert.rejects(send(call("read")), withCode("INTERNAL"));
  assert.ok((counts["a"] as number) > 60 && (counts["b"] as number) > 60);
});

test("what the caller did wrong and what the contract declares say nothing of an endpoint", async () => {
  const gone: Handler = () => Promise.reject(new CantleError("DECLARED", "Gone", { failure: "Gone", status: 410 }));
  for (const answer of [gone, () => failure("INPUT_INVALID"), () => failure("FORBIDDEN")]) {
    const { host, call, counts } = counted({ a: answer, b: ok }, once);
    const send = outbound(read, host);
    for (let at = 0; at < 200; at++) await send(call("read")).catch(() => {});
    assert.ok((counts["a"] as number) > 60);
  }
});

test("ejection can be switched off", async () => {
  const { host, call, counts } = counted({ a: bad, b: ok }, { "*": { ...once["*"], ejection: false, breaker: false } });
  const send = outbound(read, host);
  for (let at = 0; at < 200; at++) await send(call("read")).catch(() => {});
  assert.ok((counts["a"] as number) > 60);
});

test("calls move away from an instance that has stopped", async () => {
  const { host, call, clock, counts } = counted({ a: silence, b: ok }, { "*": { timeoutMs: 200 } });
  const send = outbound(read, host);
  const codes: string[] = [];
  for (let at = 0; at < 300; at++) {
    void send(call("read")).then(
      () => codes.push("OK"),
      (error) => codes.push(error.code),
    );
    await clock.advance(10);
  }
  assert.ok(
    codes.filter((code) => code !== "OK").length <= 5,
    `${codes.filter((code) => code !== "OK").length} failed`,
  );
  assert.ok((counts["a"] as number) <= 5);
});

test("an instance that does not answer any more gets no calls for as long as it is silent, however long their deadline is", async () => {
  let isSilent = false;
  const late: { clock?: Parameters<typeof after>[0] } = {};
  const usual: Handler = (one) => after(late.clock as never, 20)(one);
  const { host, call, clock, counts } = counted({ a: (one) => (isSilent ? silence(one) : usual(one)), b: usual }, once);
  late.clock = clock;
  const send = outbound(read, host);
  const second = async () => {
    for (let at = 0; at < 100; at++) {
      void send(call("read")).catch(() => {});
      await clock.advance(10);
    }
    return counts["a"] as number;
  };
  assert.ok((await second()) > 30, "it has its share");
  isSilent = true;
  const before = await second();
  assert.ok(before < 60, `it is left alone soon, after ${before} calls`);
  for (let more = 0; more < 6; more++) assert.equal(await second(), before, `in second ${more + 2}`);
});

test("calls that end by their deadline are no word from an instance that stopped; when it is back it has its share again", async () => {
  let isSilent = false;
  const late: { clock?: Parameters<typeof after>[0] } = {};
  const usual: Handler = (one) => after(late.clock as never, 20)(one);
  const { host, call, clock, counts } = counted(
    { a: (one) => (isSilent ? silence(one) : usual(one)), b: usual },
    { "*": { ...once["*"], timeoutMs: 200 } },
  );
  late.clock = clock;
  const send = outbound(read, host);
  const seconds = async (times: number) => {
    const before = counts["a"] as number;
    for (let at = 0; at < 100 * times; at++) {
      void send(call("read")).catch(() => {});
      await clock.advance(10);
    }
    return (counts["a"] as number) - before;
  };
  await seconds(2);
  isSilent = true;
  const lost = await seconds(1);
  assert.ok(lost <= 5, `${lost} calls were lost`);
  assert.equal(await seconds(8), 0);
  assert.equal(await seconds(3), 1, "one call tries it again");
  isSilent = false;
  await seconds(10);
  assert.ok((await seconds(1)) > 30);
});

test("an instance ten times slower gets far less than its share, and is not forgotten", async () => {
  const slow: { clock?: Parameters<typeof after>[0] } = {};
  const { host, call, clock, counts } = counted({
    a: (one) => after(slow.clock as never, 100)(one),
    b: (one) => after(slow.clock as never, 10)(one),
  });
  slow.clock = clock;
  const send = outbound(read, host);
  for (let at = 0; at < 2_000; at++) {
    void send(call("read")).catch(() => {});
    await clock.advance(5);
  }
  assert.ok((counts["a"] as number) < 400, `${counts["a"]}`);
  assert.ok((counts["a"] as number) > 1, `${counts["a"]}`);
});

test("calls stay in their zone while half of it is well, and leave it when it is not", async () => {
  const answers: Record<string, Handler> = { near1: ok, near2: ok, far1: ok, far2: ok };
  const zones = { near1: "x", near2: "x", far1: "y", far2: "y" };
  const made = counted(answers, once, zones);
  const send = outbound(read, { ...made.host, zone: "x" });
  for (let at = 0; at < 50; at++) await send(made.call("read"));
  assert.deepEqual([made.counts["far1"], made.counts["far2"]], [0, 0]);
  const gone: Handler = () => failure("CONNECT_FAILED");
  const other = counted({ ...answers, near1: gone, near2: gone }, { "*": { slowStartMs: 0 } }, zones);
  const away = outbound(read, { ...other.host, zone: "x" });
  const all = Array.from({ length: 20 }, () => away(other.call("read")));
  await other.clock.advance(500);
  await Promise.all(all);
  assert.ok((other.counts["far1"] as number) > 0 && (other.counts["far2"] as number) > 0);
});

test("when all is failing, retries stay within the budget, and what it has none for is final", async () => {
  const { host, call, clock, counts } = counted({ a: () => failure("OVERLOADED") }, { "*": { breaker: false } });
  const send = outbound(read, host);
  let final = 0;
  for (let at = 0; at < 1_000; at++) {
    void send(call("read")).catch((error: CantleError) => {
      if (error.retried) final++;
    });
    await clock.advance(10);
  }
  await clock.advance(10_000);
  assert.ok((counts["a"] as number) <= 1_200, `${counts["a"]}`);
  assert.ok((counts["a"] as number) >= 1_100, `${counts["a"]}`);
  assert.equal(final, 1_000);
});

test("Retry-After is waited for, with jitter on top, where there is no other endpoint", async () => {
  let asked = 0;
  const busy: Handler = () =>
    asked++ === 0 ? Promise.reject(new CantleError("OVERLOADED", "busy", { retryAfterSeconds: 2 })) : reply("done");
  const { host, call, clock, counts } = counted({ a: busy });
  const answer = outbound(make, host)(call("make"));
  await clock.advance(2_000);
  assert.equal(counts["a"], 1);
  await clock.advance(1_000);
  await answer;
  assert.equal(counts["a"], 2);
});

test("Retry-After of one endpoint is no reason to wait for another", async () => {
  const busy: Handler = () => Promise.reject(new CantleError("OVERLOADED", "busy", { retryAfterSeconds: 30 }));
  const { host, call, clock } = counted({ a: busy, b: ok });
  const answers = Array.from({ length: 10 }, () => outbound(make, host)(call("make")));
  await clock.advance(20);
  await Promise.all(answers);
});

test("a Retry-After beyond the deadline makes the failure the answer, at once", async () => {
  const busy: Handler = () => Promise.reject(new CantleError("OVERLOADED", "busy", { retryAfterSeconds: 30 }));
  const { host, call } = counted({ a: busy });
  await assert.rejects(outbound(read, host)(call("read")), (error: CantleError) => error.retryAfterSeconds === 30);
});
