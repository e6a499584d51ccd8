/**
 * Things that go wrong in real processes, and what a caller outside notices of it. Figures and full runs are the business of
 * `npm run bench -- faults`; the only times here are deadlines, with bounds that a busy machine keeps.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { ask, askMany, statsOf, untilStats } from "../fixtures/chain/asked.ts";
import { type Placed, startPlaced } from "../fixtures/placed.ts";

const file = join(import.meta.dirname, "../fixtures/chain/system.ts");
/** Nothing but what a test is about shall stop a call. */
const plain = ["policies.*.breaker=false", "policies.*.ejection=false"];
const tiers = ["front", "middle", "back"];
/** A deadline may pass this late on a machine that has more to do than it can. */
const lateMs = 5_000;
const noProc = process.platform === "linux" ? false : "/proc tells of sockets on Linux only";

/** How many sockets a process has open. */
function socketsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  const isSocket = (name: string) => {
    try {
      return readlinkSync(join(folder, name)).startsWith("socket:");
    } catch {
      return false;
    }
  };
  return readdirSync(folder).filter(isSocket).length;
}

function pidOf({ running }: Placed, unit: string): number {
  return running.list().find((row) => row.unit === unit)?.pid ?? assert.fail(`'${unit}' does not run`);
}

test("a stopped instance of two: calls end by their deadline, it leaves traffic, no socket is leaked, and it comes back", {
  skip: noProc,
}, async () => {
  await using placed = await startPlaced(file, "pair", { set: ["policies.back.timeoutMs=200"] });
  const burst = { times: 60, atOnce: 4 };
  const pids = new Set((await askMany(placed, "back/work", burst)).map(({ pid }) => pid));
  const [stopped, other] = [...pids] as [number, number];
  assert.equal(pids.size, 2, "both are in traffic");
  const gateway = pidOf(placed, "gateway");
  const before = socketsOf(gateway);
  process.kill(stopped, "SIGSTOP");
  try {
    const during = await askMany(placed, "back/work", burst);
    for (const { status, code, pid, tookMs } of during) {
      assert.ok(tookMs < 200 + lateMs, `it took ${tookMs} ms`);
      assert.deepEqual(
        [status, status === 200 ? pid : code],
        status === 200 ? [200, other] : [504, "DEADLINE_EXCEEDED"],
      );
    }
    const lost = during.filter(({ status }) => status !== 200).length;
    assert.ok(lost <= 10, `${lost} of 60 calls went to the stopped instance`);
    const after = await askMany(placed, "back/work", burst);
    assert.deepEqual([...new Set(after.map(({ pid }) => pid))], [other], "it is out of traffic");
    assert.ok(socketsOf(gateway) <= before + burst.atOnce, "a call that nobody answers leaves no socket behind");
  } finally {
    process.kill(stopped, "SIGCONT");
  }
  while ((await ask(placed, "back/work")).pid !== stopped);
});

test("a dependency that hangs takes its own places only: other operations answer, and what is over its places is refused at once", async () => {
  const set = [...plain, 'policies.back.work.bulkhead={"concurrentMax":5,"queueMax":0}'];
  await using placed = await startPlaced(file, "each", { set });
  const leaving = new AbortController();
  const refused: number[] = [];
  const hanging = Array.from({ length: 40 }, () =>
    ask(placed, "front/work?how=hang", leaving.signal).then(
      ({ status }) => void refused.push(status),
      () => {},
    ),
  );
  await untilStats(placed, "back", ({ underWay }) => underWay === 5 && refused.length === 35);
  assert.deepEqual([...new Set(refused)], [503]);
  // Neither the callers' own limits nor the other operations have become smaller.
  for (const tier of tiers) {
    const others = await askMany(placed, `${tier}/safe`, { times: 50, atOnce: 10 });
    assert.deepEqual([...new Set(others.map(({ status }) => status))], [200], tier);
  }
  assert.equal((await statsOf(placed, "back")).underWay, 5);
  leaving.abort();
  await Promise.all(hanging);
  await untilStats(placed, "back", ({ underWay }) => underWay === 0);
});

for (const placement of ["each", "http"])
  test(`placed as '${placement}', three tiers of which the last fails every call: at most 1.2 attempts a call in each`, async () => {
    await using placed = await startPlaced(file, placement, { set: plain });
    for (const how of ["break", "shed"]) {
      const before = await Promise.all(tiers.map((tier) => statsOf(placed, tier)));
      const asked = await askMany(placed, `front/work?how=${how}`, { times: 100, atOnce: 5 });
      assert.deepEqual([...new Set(asked.map(({ code }) => code))], ["UNAVAILABLE"]);
      for (const [at, tier] of tiers.entries()) {
        const begun = (await statsOf(placed, tier)).begun - (before[at]?.begun ?? 0);
        assert.ok(begun >= 100 && begun <= 120, `${tier} was called ${begun} times for 100 calls`);
      }
    }
  });

/** What each tier does from now on; in one process it may have done something before, for another test. */
async function follow(placed: Placed) {
  const before = await Promise.all(tiers.map((tier) => statsOf(placed, tier)));
  return {
    /** Resolves with what each tier has begun and given up since, when no work is under way in any. */
    async ended(): Promise<{ begun: number; givenUp: number }[]> {
      const ended: { begun: number; givenUp: number }[] = [];
      for (const [at, tier] of tiers.entries()) {
        const { begun = 0, givenUp = 0 } = before[at] ?? {};
        const after = await untilStats(placed, tier, ({ underWay }) => underWay === 0);
        ended.push({ begun: after.begun - begun, givenUp: after.givenUp - givenUp });
      }
      return ended;
    },
  };
}

for (const placement of ["one", "each", "threads", "http"]) {
  test(`placed as '${placement}', a deadline ends the work of every hop`, async () => {
    await using placed = await startPlaced(file, placement, { set: [...plain, "policies.front.work.timeoutMs=1000"] });
    const { ended } = await follow(placed);
    // On a machine that has more to do than it can, a call may not even come to the last tier in time; then the next one does.
    let last = { begun: 0, givenUp: 0 };
    while (last.begun === 0) {
      const { status, code, tookMs } = await ask(placed, "front/work?how=hang");
      assert.deepEqual([status, code], [504, "DEADLINE_EXCEEDED"]);
      assert.ok(tookMs >= 990 && tookMs < 1_000 + lateMs, `it took ${tookMs} ms`);
      last = (await ended()).at(-1) ?? last;
    }
    // Of the tiers below nobody said a second, and the contract says a minute: it is what the call had left when it came there.
    assert.deepEqual(last, { begun: 1, givenUp: 1 });
  });

  test(`placed as '${placement}', a caller that goes away ends the work of every hop`, async () => {
    await using placed = await startPlaced(file, placement, { set: plain });
    const { ended } = await follow(placed);
    const leaving = new AbortController();
    const asking = ask(placed, "front/work?how=hang", leaving.signal);
    await untilStats(placed, "back", ({ underWay }) => underWay === 1);
    leaving.abort();
    await assert.rejects(asking);
    // The contract's own deadline is a minute, which is longer than this test may take.
    assert.deepEqual(await ended(), Array(3).fill({ begun: 1, givenUp: 1 }));
  });
}

test("when all instances answer badly all are used, and calls are well the moment they are", async () => {
  const set = ["policies.*.breaker=false", 'policies.back.ejection={"failuresMax":1,"outMs":60000}'];
  await using placed = await startPlaced(file, "pair", { set });
  await askMany(placed, "back/work", { times: 20, atOnce: 4 });
  const bad = await askMany(placed, "back/work?how=break", { times: 40, atOnce: 4 });
  assert.deepEqual([...new Set(bad.map(({ code }) => code))], ["UNAVAILABLE"]);
  const good = await askMany(placed, "back/work", { times: 40, atOnce: 4 });
  assert.deepEqual([...new Set(good.map(({ status }) => status))], [200], "nobody is left out for a minute");
});

test("a gateway without file descriptors sheds new connections, serves those it has, and recovers", {
  skip: noProc || (hasPrlimit() ? false : "prlimit is not installed"),
}, async () => {
  await using placed = await startPlaced(file, "each", { set: plain });
  assert.equal((await ask(placed, "front/work")).status, 200);
  const gateway = workerOf(pidOf(placed, "gateway"));
  const open = readdirSync(`/proc/${gateway}/fd`).length;
  execFileSync("prlimit", ["--pid", String(gateway), `--nofile=${open + 10}:`]);
  const { hostname, port } = new URL(placed.url);
  const sockets: Socket[] = [];
  try {
    const closed = Promise.withResolvers<void>();
    for (let at = 0; at < 60; at++) {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => {}).on("close", () => closed.resolve());
      sockets.push(socket);
    }
    // Those that it cannot hold are let go, instead of waiting for ever.
    await closed.promise;
    const kept = sockets[0] as Socket;
    const answered = new Promise<string>((resolve) => void kept.once("data", (chunk) => resolve(String(chunk))));
    kept.write("GET /front/work HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert.match(await answered, /^HTTP\/1\.1 200 /);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  for (;;) {
    const status = await ask(placed, "front/work").then(
      (asked) => asked.status,
      () => 0,
    );
    if (status === 200) break;
  }
  assert.equal(workerOf(pidOf(placed, "gateway")), gateway, "nothing had to be restarted");
});

/** The process that takes a gateway's connections; the one that `ps` shows only holds the port. */
function workerOf(primary: number): number {
  return Number(readFileSync(`/proc/${primary}/task/${primary}/children`, "utf8").trim());
}

function hasPrlimit(): boolean {
  try {
    execFileSync("prlimit", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
