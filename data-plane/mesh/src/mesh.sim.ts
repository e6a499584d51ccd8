/**
 * Processes, their mesh and their failures in virtual time: each process has a resolver, breakers and budgets of its own, and
 * between them is nothing but time. Reproducible from the seed in every title; CANTLE_SEED chooses another.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { contract, get, post } from "@cantle/contract";
import {
  Call,
  CantleError,
  createDeadlines,
  type Handler,
  newTrace,
  type Operation,
  seededRandom,
  virtualClock,
} from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { z } from "zod";
import { after, anyone, silence } from "./fixture.ts";
import { inbound } from "./inbound.ts";
import { outbound } from "./outbound.ts";
import type { OutboundHost } from "./outbound-host.ts";
import type { Policies } from "./policy.ts";
import { type StaticResolver, staticResolver } from "./resolver.ts";

const seed = Number(process.env["CANTLE_SEED"] ?? 1);

/** A service with one operation that reads and one that writes. */
const tier = (name: string) =>
  contract(name, {
    version: "1.0.0",
    operations: { read: get("/", { output: z.string() }), write: post("/", { output: z.string() }) },
  }).operations;

interface Simulated {
  readonly host: OutboundHost & { readonly resolver: StaticResolver };
  /** Says which instances a service has, as this process sees it. */
  sees(service: string, instances: Readonly<Record<string, Handler>>): void;
}

/** A world of processes under one clock. */
function world() {
  const clock = virtualClock();
  const random = seededRandom(seed);
  const deadlines = createDeadlines(clock);
  return {
    clock,
    process(policies: Policies = {}): Simulated {
      const resolver = staticResolver();
      const handlers = new Map<string, Handler>();
      const dial: OutboundHost["dial"] = (endpoint) => (call) => (handlers.get(endpoint.id) as Handler)(call);
      return {
        host: { clock, random, deadlines, log: silentLogger, policies, resolver, dial },
        sees(service, instances) {
          for (const [id, handler] of Object.entries(instances)) handlers.set(id, handler);
          const ids = Object.keys(instances);
          resolver.set(
            service,
            ids.map((id) => ({ id, service, version: "1.0.0", state: "ready", address: `unix:/${id}` })),
          );
        },
      };
    },
    call: (operation: Operation, parent?: Call) =>
      new Call(operation, {
        payload: { kind: "value", value: {} },
        peer: anyone,
        trace: newTrace(random),
        deadlineMs: parent?.deadlineMs ?? Number.POSITIVE_INFINITY,
      }),
  };
}

/** What came of calls sent at a steady pace. */
interface Ended {
  readonly code: string;
  readonly tookMs: number;
}

/** Sends `perSecond` calls a second for so long, then lets what is under way end. */
async function load(
  { clock }: ReturnType<typeof world>,
  send: () => Promise<unknown>,
  { perSecond, forMs }: { perSecond: number; forMs: number },
): Promise<Ended[]> {
  const ended: Ended[] = [];
  for (let sent = 0; sent < (perSecond * forMs) / 1_000; sent++) {
    const startMs = clock.nowMs();
    const end = (code: string) => ended.push({ code, tookMs: clock.nowMs() - startMs });
    send().then(
      () => end("OK"),
      (error) => end(error.code),
    );
    await clock.advance(1_000 / perSecond);
  }
  await clock.advance(30_000);
  return ended;
}

function p99(ended: readonly Ended[]): number {
  return ended.map(({ tookMs }) => tookMs).sort((a, b) => a - b)[Math.ceil(ended.length * 0.99) - 1] as number;
}

// Three tiers

const [front, middle, back] = [tier("front"), tier("middle"), tier("back")];
const failures: Record<string, Handler> = {
  "the last tier breaks every connection": () => Promise.reject(new CantleError("UNREACHABLE", "broken")),
  "the last tier sheds every call": () => Promise.reject(new CantleError("OVERLOADED", "full")),
};
for (const [what, answer] of Object.entries(failures)) {
  for (const breaker of ["without", "with"] as const) {
    test(`three tiers, ${what}: at most 1.2 attempts a call over a minute, ${breaker} breakers (seed ${seed})`, async () => {
      const it = world();
      const policies: Policies = breaker === "without" ? { "*": { breaker: false, ejection: false } } : {};
      const attempts = { front: 0, middle: 0, back: 0 };
      const counted =
        (name: keyof typeof attempts, handler: Handler): Handler =>
        (call) => {
          attempts[name]++;
          return handler(call);
        };
      const [edge, first, second] = [it.process(policies), it.process(policies), it.process(policies)];
      const passOn = (from: Simulated, to: Operation) => {
        const send = outbound(to, from.host);
        return async (_input: unknown, call: Call) => {
          const reply = await send(it.call(to, call));
          return reply.kind === "value" ? reply.value : "";
        };
      };
      second.sees("back", { b1: counted("back", answer), b2: counted("back", answer) });
      const inMiddle = counted("middle", inbound(middle.read, second.host, passOn(second, back.read)));
      first.sees("middle", { m1: inMiddle, m2: inMiddle });
      const inFront = counted("front", inbound(front.read, first.host, passOn(first, middle.read)));
      edge.sees("front", { f1: inFront, f2: inFront });
      const send = outbound(front.read, edge.host);
      const ended = await load(it, () => send(it.call(front.read)), { perSecond: 50, forMs: 60_000 });
      assert.equal(ended.length, 3_000);
      assert.equal(ended.filter(({ code }) => code === "OK").length, 0);
      for (const [name, count] of Object.entries(attempts))
        assert.ok(count <= 3_000 * 1.2, `${name} was called ${count} times for 3,000 calls`);
    });
  }
}

// Neighbours

const [slow, quick] = [tier("slow"), tier("quick")];

test(`one dependency 100 times slower: calls of others take as long as ever (seed ${seed})`, async () => {
  const it = world();
  const caller = it.process({ slow: { bulkhead: { concurrentMax: 20, queueMax: 0 } } });
  const state = { tookMs: 10, atOnce: 0, atOnceMax: 0 };
  caller.sees("slow", {
    s1: (call) => {
      state.atOnceMax = Math.max(state.atOnceMax, ++state.atOnce);
      const reply = after(it.clock, state.tookMs)(call);
      const leave = () => void state.atOnce--;
      reply.then(leave, leave);
      return reply;
    },
  });
  caller.sees("quick", { q1: (call) => after(it.clock, 10)(call) });
  const [sendSlow, sendQuick] = [outbound(slow.read, caller.host), outbound(quick.read, caller.host)];
  const before = await load(it, () => sendQuick(it.call(quick.read)), { perSecond: 100, forMs: 5_000 });
  state.tookMs = 1_000;
  const during: Ended[] = [];
  for (let sent = 0; sent < 500; sent++) {
    const startMs = it.clock.nowMs();
    for (let more = 0; more < 5; more++) void sendSlow(it.call(slow.read)).catch(() => {});
    void sendQuick(it.call(quick.read)).then(() => during.push({ code: "OK", tookMs: it.clock.nowMs() - startMs }));
    await it.clock.advance(10);
  }
  await it.clock.advance(30_000);
  assert.equal(during.length, 500);
  assert.ok(p99(during) <= 1.5 * p99(before));
  assert.equal(state.atOnceMax, 20);
});

// Instances that stop and die

const shop = tier("shop");
const quickly =
  (it: ReturnType<typeof world>): Handler =>
  (call) =>
    after(it.clock, 10)(call);

test(`a stopped instance and a deadline of 200 ms: no call takes longer, and calls move away (seed ${seed})`, async () => {
  const it = world();
  const caller = it.process({ shop: { timeoutMs: 200 } });
  let stopped = 0;
  caller.sees("shop", {
    s1: (call) => {
      stopped++;
      return silence(call);
    },
    s2: quickly(it),
  });
  const send = outbound(shop.read, caller.host);
  const ended = await load(it, () => send(it.call(shop.read)), { perSecond: 100, forMs: 20_000 });
  assert.ok(Math.max(...ended.map(({ tookMs }) => tookMs)) <= 250);
  assert.ok(stopped <= 20, `${stopped} of 2,000 calls went to the stopped instance`);
  assert.equal(ended.filter(({ code }) => code === "OK").length, 2_000 - stopped);
});

test(`one of two instances killed at 300 calls a second: no read fails, at most three writes do (seed ${seed})`, async () => {
  const it = world();
  const caller = it.process();
  let dead = false;
  const underWay = new Set<(reason: unknown) => void>();
  const mortal: Handler = (call) => {
    if (dead) return Promise.reject(new CantleError("CONNECT_FAILED", "refused"));
    return new Promise((resolve, reject) => {
      underWay.add(reject);
      quickly(it)(call).then(resolve, reject);
    });
  };
  caller.sees("shop", { s1: mortal, s2: quickly(it) });
  const [read, write] = [outbound(shop.read, caller.host), outbound(shop.write, caller.host)];
  let sent = 0;
  const ended = { read: [] as string[], write: [] as string[] };
  await load(
    it,
    () => {
      if (sent === 1_000) {
        dead = true;
        for (const breaks of underWay) breaks(new CantleError("UNREACHABLE", "reset"));
      }
      const kind = sent++ % 2 === 0 ? "read" : "write";
      const reply = kind === "read" ? read(it.call(shop.read)) : write(it.call(shop.write));
      reply.then(
        () => ended[kind].push("OK"),
        (error) => ended[kind].push(error.code),
      );
      return reply;
    },
    { perSecond: 300, forMs: 8_000 },
  );
  assert.equal(ended.read.length + ended.write.length, 2_400);
  assert.equal(ended.read.filter((code) => code !== "OK").length, 0);
  assert.ok(ended.write.filter((code) => code !== "OK").length <= 3);
});

test(`everything fails and then is well: calls succeed again within seconds, without help (seed ${seed})`, async () => {
  const it = world();
  const caller = it.process();
  const state = { well: false };
  const flaky: Handler = (call) =>
    state.well ? quickly(it)(call) : Promise.reject(new CantleError("INTERNAL", "ill"));
  caller.sees("shop", { s1: flaky, s2: flaky, s3: flaky });
  const send = outbound(shop.read, caller.host);
  await load(it, () => send(it.call(shop.read)), { perSecond: 100, forMs: 60_000 });
  state.well = true;
  let sinceWell = 0;
  const ended: Ended[] = [];
  while (sinceWell < 1_500) {
    sinceWell++;
    const startMs = it.clock.nowMs();
    send(it.call(shop.read)).then(
      () => ended.push({ code: "OK", tookMs: startMs }),
      () => ended.push({ code: "failed", tookMs: startMs }),
    );
    await it.clock.advance(10);
  }
  await it.clock.advance(1_000);
  const lastFailure = ended.findLastIndex(({ code }) => code !== "OK");
  assert.ok(lastFailure < 1_050, `still failing after ${lastFailure / 100} s`);
});
