import assert from "node:assert/strict";
import { test } from "node:test";
import { CantleError, type Handler, type Reply } from "@cantle/core";
import { after, failure, fixture, reply, silence, things, withCode } from "./fixture.ts";
import { inbound } from "./inbound.ts";
import { outbound } from "./outbound.ts";
import type { Policies, Policy } from "./policy.ts";
import type { Endpoint } from "./resolver.ts";

const { read, make } = things.operations;
const value = async (answer: Promise<Reply>) => ((await answer) as { value: unknown }).value;
type More = Record<string, Partial<Pick<Endpoint, "version" | "labels" | "share">>>;

function mesh(policy: Policy, handlers: Record<string, Handler>, more: More = {}) {
  const made = fixture({ "*": { slowStartMs: 0, ...policy } });
  made.serve(handlers, more);
  return { ...made, send: outbound(read, made.host), calls: { ...handlers } };
}
const says =
  (id: string): Handler =>
  () =>
    reply(id);

/** How many of 1,000 calls each endpoint answered. */
async function answered({ send, call }: ReturnType<typeof mesh>, baggage?: Record<string, string>) {
  const counts: Record<string, number> = {};
  for (let at = 0; at < 1_000; at++) {
    const id = (await value(send(call("read", { id: "1" }, { baggage })))) as string;
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

// Routes

const versions: More = { old: { version: "1.4.0" }, new: { version: "2.0.1" }, newer: { version: "20.0.0" } };

test("a share of the calls goes to a new version", async () => {
  const routes = [
    {
      to: [
        { version: "1", weight: 9 },
        { version: "2", weight: 1 },
      ],
    },
  ];
  const counts = await answered(mesh({ routes }, { old: says("old"), new: says("new") }, versions));
  assert.ok((counts["new"] as number) > 60 && (counts["new"] as number) < 150, `${counts["new"]}`);
});

test("the beginning of a version is whole numbers of it", async () => {
  const routes = [{ to: [{ version: "2" }] }];
  const counts = await answered(
    mesh({ routes }, { old: says("old"), new: says("new"), newer: says("newer") }, versions),
  );
  assert.deepEqual(counts, { new: 1_000 });
});

test("calls whose baggage asks for it go to the canary, and others do not", async () => {
  const routes = [
    { when: { canary: "yes" }, to: [{ labels: { track: "canary" } }] },
    { to: [{ labels: { track: "stable" } }] },
  ];
  const labels: More = { old: { labels: { track: "stable" } }, new: { labels: { track: "canary" } } };
  const it = mesh({ routes }, { old: says("old"), new: says("new") }, labels);
  assert.deepEqual(await answered(it, { canary: "yes" }), { new: 1_000 });
  assert.deepEqual(await answered(it, { canary: "no" }), { old: 1_000 });
  assert.deepEqual(await answered(it), { old: 1_000 });
});

test("a route to nobody is no reason to fail, and follows what comes", async () => {
  const it = mesh({ routes: [{ to: [{ version: "2" }] }] }, { old: says("old") }, versions);
  assert.deepEqual(await answered(it), { old: 1_000 });
  it.serve({ old: says("old"), new: says("new") }, versions);
  assert.deepEqual(await answered(it), { new: 1_000 });
});

// Releases

/** Two instances of an old release and one of a new one, which is to get a share. */
const releases = (share: number, parked = 1 - share): More => ({
  "old-1": { labels: { release: "a" }, share: 1 - share },
  "old-2": { labels: { release: "a" }, share: parked },
  new: { labels: { release: "b" }, share },
});
const threeSay = { "old-1": says("old-1"), "old-2": says("old-2"), new: says("new") };

test("two releases share the calls as they say, however many instances each has", async () => {
  const {
    new: canary = 0,
    "old-1": first = 0,
    "old-2": second = 0,
  } = await answered(mesh({}, threeSay, releases(0.1)));
  assert.ok(canary > 60 && canary < 150, `${canary}`);
  assert.ok(first > 300 && second > 300, `${first} and ${second}`);
});

test("a release without a share gets no call, and one that has been taken out does not take its release along", async () => {
  assert.equal((await answered(mesh({}, threeSay, releases(0))))["new"], undefined);
  const parked = await answered(mesh({}, threeSay, releases(0.5, 0)));
  assert.equal(parked["old-2"], undefined);
  assert.ok((parked["old-1"] ?? 0) > 400 && (parked["new"] ?? 0) > 400, JSON.stringify(parked));
});

test("who says nothing shares what the others leave, and where nobody else is, a share of nothing is no reason to fail", async () => {
  const silent: More = { old: { labels: { release: "a" } }, new: { labels: { release: "b" }, share: 0.2 } };
  const { new: canary = 0 } = await answered(mesh({}, { old: says("old"), new: says("new") }, silent));
  assert.ok(canary > 140 && canary < 270, `${canary}`);
  const lone: More = { new: { labels: { release: "b" }, share: 0 } };
  assert.deepEqual(await answered(mesh({}, { new: says("new") }, lone)), { new: 1_000 });
});

test("shares are followed as they change", async () => {
  const it = mesh({}, threeSay, releases(0));
  assert.equal((await answered(it))["new"], undefined);
  it.serve(threeSay, releases(1));
  assert.deepEqual(await answered(it), { new: 1_000 });
});

test("a weight of nothing is none", async () => {
  const routes = [{ to: [{ version: "1", weight: 0 }, { version: "2" }] }];
  assert.deepEqual(await answered(mesh({ routes }, { old: says("old"), new: says("new") }, versions)), { new: 1_000 });
});

// Faults

test("a share of the attempts is made to fail, and the rest of the mesh deals with it", async () => {
  const faults = [{ ratio: 0.3, abort: "UNREACHABLE" as const }];
  const alone = mesh({ faults, retriesMax: 0, breaker: false }, { a: says("a") });
  let failed = 0;
  for (let at = 0; at < 1_000; at++) await alone.send(alone.call("read")).catch(() => failed++);
  assert.ok(failed > 250 && failed < 350, `${failed}`);
  const guarded = mesh({ faults: [{ ratio: 1, abort: "INTERNAL" }] }, { a: says("a") });
  for (let at = 0; at < 20; at++) await assert.rejects(guarded.send(guarded.call("read")), withCode("INTERNAL"));
  await assert.rejects(guarded.send(guarded.call("read")), withCode("UNAVAILABLE"));
});

test("a delay is within the deadline, and only for the calls it is meant for", async () => {
  const { send, call, clock } = mesh(
    { faults: [{ when: { slow: "yes" }, ratio: 1, delayMs: 500 }], timeoutMs: 200 },
    { a: says("a") },
  );
  assert.equal(await value(send(call("read"))), "a");
  const late = assert.rejects(send(call("read", {}, { baggage: { slow: "yes" } })), withCode("DEADLINE_EXCEEDED"));
  await clock.advance(210);
  await late;
});

// Hedges

/** `a` is slow, `b` quick; calls begin at `a` as `b` is busy with one. */
function slowFirst(policy: Policy) {
  const cancelled: unknown[] = [];
  let sent = 0;
  const it = mesh(policy, {});
  it.serve({
    a: (call) => {
      sent++;
      call.onCancel((reason) => cancelled.push((reason as CantleError).code));
      return after(it.clock, 1_000, () => reply("a"))(call);
    },
  });
  return {
    ...it,
    cancelled,
    get sent() {
      return sent;
    },
    async begin() {
      const answer = it.send(it.call("read"));
      it.serve({ a: silence, b: says("b") });
      return answer;
    },
  };
}

test("a slow read is sent to a second endpoint, the faster one counts and the other is cancelled", async () => {
  const it = slowFirst({ hedge: { afterMs: 50 } });
  const answer = it.begin();
  await it.clock.advance(60);
  assert.equal(await value(answer), "b");
  assert.deepEqual(it.cancelled, ["CANCELLED"]);
});

test("without a hedge it is not, and a POST never is", async () => {
  const it = slowFirst({});
  const answer = it.begin();
  await it.clock.advance(1_000);
  assert.equal(await value(answer), "a");
  const post = mesh({ hedge: { afterMs: 50 } }, {});
  post.serve({ a: (call) => after(post.clock, 1_000, () => reply("a"))(call) });
  const made = outbound(make, post.host)(post.call("make"));
  post.serve({ a: silence, b: says("b") });
  await post.clock.advance(1_000);
  assert.equal(await value(made), "a");
});

test("a hedge takes its place in the retry budget", async () => {
  const it = slowFirst({ hedge: { afterMs: 50 }, retryBudget: { ratio: 0, perSecondMin: 0 } });
  const answer = it.begin();
  await it.clock.advance(1_000);
  assert.equal(await value(answer), "a");
});

test("with no other endpoint there is no second attempt", async () => {
  const it = slowFirst({ hedge: { afterMs: 50 } });
  const answer = it.send(it.call("read"));
  await it.clock.advance(1_000);
  assert.equal(await value(answer), "a");
  assert.equal(it.sent, 1);
});

test("a hedged call that is cancelled cancels its attempts", async () => {
  const it = slowFirst({ hedge: { afterMs: 50 } });
  const one = it.call("read");
  const answer = assert.rejects(it.send(one), withCode("CANCELLED"));
  one.cancel(new CantleError("CANCELLED", "gone"));
  await answer;
  assert.deepEqual(it.cancelled, ["CANCELLED"]);
});

test("a failure before the second attempt is a failure, one after it leaves the other", async () => {
  const early = mesh({ hedge: { afterMs: 50 } }, { a: () => failure("INTERNAL") });
  await assert.rejects(early.send(early.call("read")), withCode("INTERNAL"));
  const late = mesh({ hedge: { afterMs: 50 } }, {});
  late.serve({ a: (call) => after(late.clock, 100, () => failure("INTERNAL"))(call) });
  const answer = late.send(late.call("read"));
  late.serve({ a: silence, b: (call) => after(late.clock, 500, () => reply("b"))(call) });
  await late.clock.advance(600);
  assert.equal(await value(answer), "b");
});

// Sharing

test("identical reads under way share one answer, each with a copy of its own", async () => {
  let sent = 0;
  const it = mesh({ coalesce: true }, {});
  it.serve({
    a: (call) => {
      sent++;
      return after(it.clock, 100, () => reply({ id: "1" }))(call);
    },
  });
  const all = Array.from({ length: 10 }, () => value(it.send(it.call("read"))));
  await it.clock.advance(100);
  const values = await Promise.all(all);
  assert.equal(sent, 1);
  assert.equal(new Set(values).size, 10);
  const next = it.send(it.call("read"));
  await it.clock.advance(100);
  await next;
  assert.equal(sent, 2, "an answer is shared, not kept");
});

test("reads that differ in input, user or baggage are not identical, and writes are never shared", async () => {
  let sent = 0;
  const it = mesh({ coalesce: true }, {});
  it.serve({
    a: (call) => {
      sent++;
      return after(it.clock, 100)(call);
    },
  });
  const ann = { id: "ann", roles: [], assertion: "" };
  const calls = [
    it.call("read", { id: "1" }),
    it.call("read", { id: "2" }),
    it.call("read", { id: "1" }, { caller: ann }),
    it.call("read", { id: "1" }, { caller: { ...ann, roles: ["admin"] } }),
    it.call("read", { id: "1" }, { baggage: { a: "b" } }),
  ];
  const post = outbound(make, it.host);
  const all = [...calls.map((call) => it.send(call)), post(it.call("make")), post(it.call("make"))];
  await it.clock.advance(100);
  await Promise.all(all);
  assert.equal(sent, 7);
});

test("who leaves first does not end it for the others; when all left it is cancelled", async () => {
  let ended: unknown;
  const it = mesh({ coalesce: true }, {});
  it.serve({
    a: (call) => {
      call.onCancel((reason) => (ended = reason));
      return after(it.clock, 100, () => reply("a"))(call);
    },
  });
  const gone = new CantleError("CANCELLED", "gone");
  const [first, second] = [it.call("read"), it.call("read")];
  const [left, stayed] = [assert.rejects(it.send(first), withCode("CANCELLED")), it.send(second)];
  first.cancel(gone);
  await left;
  await it.clock.advance(100);
  assert.equal(await value(stayed), "a");
  assert.equal(ended, undefined);
  const alone = it.call("read");
  const all = assert.rejects(it.send(alone), withCode("CANCELLED"));
  alone.cancel(gone);
  await all;
  assert.ok(withCode("CANCELLED")(ended));
});

test("each who waits has its own deadline", async () => {
  const it = mesh({ coalesce: true }, {});
  it.serve({ a: (call) => after(it.clock, 500, () => reply("a"))(call) });
  const patient = it.send(it.call("read"));
  const hurried = assert.rejects(
    it.send(it.call("read", { id: "1" }, { deadlineMs: 100 })),
    withCode("DEADLINE_EXCEEDED"),
  );
  await it.clock.advance(110);
  await hurried;
  await it.clock.advance(400);
  assert.equal(await value(patient), "a");
});

// Changing

test("policies that change at run time change what happens, in both directions", async () => {
  let policies: Policies = {};
  const made = fixture();
  made.serve({ a: () => failure("INTERNAL") });
  const host = { ...made.host, policies: () => policies };
  const send = outbound(read, host);
  await assert.rejects(send(made.call("read")), withCode("INTERNAL"));
  policies = { "things.read": { fallback: { value: { id: "instead" } } } };
  assert.deepEqual(await value(send(made.call("read"))), { id: "instead" });
  policies = {};
  await assert.rejects(send(made.call("read")), withCode("INTERNAL"));

  const handle = inbound(read, host, () => new Promise(() => {}));
  void handle(made.call("read")).catch(() => {});
  policies = { "*": { inFlightMax: 1 } };
  void handle(made.call("read")).catch(() => {});
  await assert.rejects(handle(made.call("read")), withCode("OVERLOADED"));
});

test("a change that is not about an operation leaves what its layers have counted", async () => {
  let policies: Policies = { things: { inFlightMax: 1 } };
  const made = fixture();
  const handle = inbound(read, { ...made.host, policies: () => policies }, () => new Promise(() => {}));
  void handle(made.call("read")).catch(() => {});
  policies = { things: { inFlightMax: 1 }, others: { inFlightMax: 5 } };
  await assert.rejects(handle(made.call("read")), withCode("OVERLOADED"));
});
