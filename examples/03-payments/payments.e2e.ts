<<<<<<< HEAD

/**
 * What is lost when instances die, are replaced, or come and go with the load: real processes, real requests, and every one of
 * them looked at. Times are the business of `npm run bench -- faults scale`.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { type RunningSystem, startSystem } from "@cantle/host";
import { connectSupervisor, type SupervisorClient } from "@cantle/supervisor";
import { type Ended, startTraffic, type Traffic } from "./traffic.ts";

const run = promisify(execFile);
const timeout = 90_000;
/** A busy machine is late, which is not what is tested here. */
const patient = JSON.stringify({ "*": { delayMsMax: 10_000 } });

interface Payments extends AsyncDisposable {
  readonly running: RunningSystem;
  readonly client: SupervisorClient;
  readonly traffic: Traffic;
  readonly url: string;
}

/** The system in a placement, under so many requests at once. */
async function payments(placement: string, workers: number, ...set: readonly string[]): Promise<Payments> {
  const home = await mkdtemp(join(tmpdir(), "payments-"));
  const running = await startSystem({
    file: join(import.meta.dirname, "system.ts"),
    placement,
    port: 0,
    set,
    env: { ...process.env, CANTLE_HOME: home, LOG_LEVEL: "error", CANTLE_POLICIES: patient },
  });
  const url = running.addresses.gateway;
  const traffic = startTraffic(url, workers);
  return {
    running,
    client: await connectSupervisor(home),
    traffic,
    url,
    async [Symbol.asyncDispose]() {
      await traffic.stop();
      await running.stop();
      await rm(home, { recursive: true });
    },
  };
}

function badOf(ended: readonly Ended[]): string[] {
  return ended.filter(({ isGood }) => !isGood).map(({ kind, outcome }) => `${kind}: ${outcome}`);
}

/** Each payment is booked once at most, and each that was answered exactly once. */
async function assertBookedOnce({ url, traffic }: Payments): Promise<void> {
  const { bookings } = (await (await fetch(`${url}/payments`)).json()) as {
    bookings: { reference: string; count: number }[];
  };
  const counts = new Map(bookings.map(({ reference, count }) => [reference, count]));
  assert.deepEqual(
    [...counts.values()].filter((count) => count !== 1),
    [],
  );
  const answered = traffic.ended.filter(({ kind, isGood }) => kind === "payment" && isGood);
  assert.deepEqual(
    answered.filter(({ reference }) => !counts.has(reference)),
    [],
  );
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

for (const unit of ["inquiry", "payment"])
  test(`kill -9 of one of two instances of '${unit}' fails nothing that may be repeated, and nothing is done twice`, {
    timeout,
  }, async () => {
    await using it = await payments("twice", 16);
    const { running, traffic } = it;
    await traffic.more(200);
    const killed = running.list().find((row) => row.unit === unit)!;
    process.kill(killed.pid!, "SIGKILL");
    await traffic.more(600);
    await until(() =>
      running.list().some((row) => row.instance === killed.instance && row.restarts === 1 && row.state === "ready"),
    );
    await traffic.stop();
    const bad = badOf(traffic.ended);
    assert.deepEqual(
      bad.filter((each) => !each.startsWith("payment:")),
      [],
    );
    assert.ok(bad.length <= 3, bad.join("\n"));
    await assertBookedOnce(it);
  });

test("every unit and the gateway are started again under load with long requests in flight, and none fails", {
  timeout,
}, async () => {
  await using it = await payments("twice", 24, "inquiry.coreMs=1500");
  const { client, traffic } = it;
  await traffic.more(24);
  for (const unit of ["inquiry", "payment", "settlement", "gateway"]) {
    const count = traffic.ended.length;
    await client.restart(unit, { overlap: unit !== "gateway" });
    await traffic.more(24);
    assert.ok(traffic.ended.length > count);
  }
  await traffic.stop();
  assert.ok(traffic.ended.some(({ tookMs }) => tookMs > 1_400));
  assert.deepEqual(badOf(traffic.ended), []);
  await assertBookedOnce(it);
});

for (const workers of [1, 2])
  test(`one of ${workers} workers of the gateway is killed: it is forked again, at the same port`, {
    timeout,
  }, async () => {
    process.env.GATEWAY_WORKERS = `${workers}`;
    await using it = await payments("units", 0);
    delete process.env.GATEWAY_WORKERS;
    const { running, url } = it;
    const gateway = () => running.list().find(({ unit }) => unit === "gateway")!;
    const doorsOf = (addresses: readonly string[]) => addresses.filter((address) => address.startsWith("unix:"));
    const { pid, addresses } = gateway();
    assert.equal(doorsOf(addresses).length, workers);
    const { stdout } = await run("ps", ["-o", "pid=", "--ppid", `${pid}`]);
    process.kill(Number(stdout.trim().split(/\s+/)[0]), "SIGKILL");
    const isNew = (door: string) => !addresses.includes(door);
    await until(() => doorsOf(gateway().addresses).length === workers && gateway().addresses.some(isNew));
    assert.equal((await fetch(`${url}/accounts/a1/balance`)).status, 200);
    const after = gateway();
    assert.deepEqual([after.pid, after.state, after.addresses[0]], [pid, "ready", addresses[0]]);
    const admin = after.addresses.find((address) => address.startsWith("admin+"))!.slice("admin+".length);
    assert.deepEqual(await (await fetch(`${admin}/readyz`)).json(), { status: "ready" });
  });

test("the busy service grows with its load and shrinks after it, the others stay, and no request fails", {
  timeout,
}, async () => {
  await using it = await payments("units", 4);
  const { running, client, traffic } = it;
  const countOf = (unit: string) => running.list().filter((row) => row.unit === unit && row.state === "ready").length;
  await traffic.more(50);
  traffic.workers(48);
  await until(() => countOf("inquiry") >= 3);
  assert.deepEqual([countOf("payment"), countOf("settlement")], [1, 1]);
  traffic.workers(1);
  await client.scale("inquiry", 1);
  await until(() => running.list().filter(({ unit }) => unit === "inquiry").length === 1);
  await traffic.more(20);
  await traffic.stop();
  assert.deepEqual(badOf(traffic.ended), []);
  const [change] = (await client.scaling()).find(({ unit }) => unit === "inquiry")!.changes;
  assert.match(change?.reason ?? "", /inFlight \d+(\.\d+)? in all at 8 each/);
});
=======

/** The example, run as a system of processes: one unit follows its load, and a payment sent twice is one payment. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as moment } from "node:timers/promises";
import { type RunningSystem, startSystem } from "@cantle/host";
import { startTraffic } from "./load/traffic.ts";

/** Long enough for a loaded machine; nothing waits for it when all is well. */
const patienceMs = 45_000;

let home: string;
let system: RunningSystem;
/** What was decided, as `inquiry 1 → 3`. */
const decisions: string[] = [];

before(async () => {
  home = await mkdtemp(join(tmpdir(), "cantle-payments-"));
  system = await startSystem({
    file: join(import.meta.dirname, "quick.ts"),
    port: 0,
    set: ["settlement.clearingMs=0"],
    env: { ...process.env, CANTLE_HOME: home, LOG_LEVEL: "error" },
    onEvent(event) {
      if (event.kind === "scaled") decisions.push(`${event.unit} ${event.from} → ${event.to}`);
    },
  });
});
after(async () => {
  await system?.stop();
  await rm(home, { recursive: true, force: true });
});

async function send(method: string, path: string, { body, key }: { body?: object; key?: string } = {}) {
  const headers = { "content-type": "application/json", ...(key !== undefined && { "idempotency-key": key }) };
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const answer = await fetch(system.addresses.gateway + path, init);
  return { status: answer.status, body: (await answer.json()) as any };
}

test("a payment sent again with its key is booked once, and another under that key is refused", async () => {
  const body = { reference: "rent", from: "ann", to: "ben", cents: 5 };
  const answers = await Promise.all(Array.from({ length: 8 }, () => send("POST", "/payments", { body, key: "k-1" })));
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  assert.deepEqual(answers[0], { status: 201, body: { ...body, id: answers[0]?.body.id } });
  const { bookings } = (await send("GET", "/payments")).body;
  assert.deepEqual(bookings, [{ reference: "rent", count: 1 }]);
  const other = await send("POST", "/payments", { body: { ...body, cents: 6 }, key: "k-1" });
  assert.deepEqual([other.status, other.body.code], [422, "KeyTaken"]);
});

test("without a key nobody can know, and a payment that is too large is booked by nobody", async () => {
  const body = { reference: "tea", from: "ann", to: "ben", cents: 1 };
  for (let sent = 0; sent < 2; sent++) assert.equal((await send("POST", "/payments", { body })).status, 201);
  const { bookings } = (await send("GET", "/payments")).body;
  assert.deepEqual(
    bookings.filter(({ reference }: { reference: string }) => reference === "tea"),
    [{ reference: "tea", count: 2 }],
  );
  const large = await send("POST", "/payments", { body: { ...body, cents: 2_000_000 } });
  assert.deepEqual([large.status, large.body.code], [409, "OverLimit"]);
});

test("no payment is in two settlements, whoever asks how often", async () => {
  const [first, again] = await Promise.all([send("PUT", "/settlements/a"), send("PUT", "/settlements/a")]);
  assert.deepEqual(first, again);
  assert.equal(first.body.paymentCount, 3);
  assert.deepEqual((await send("PUT", "/settlements/b")).body.paymentCount, 0);
});

test("inquiry grows under load and shrinks after it, while the others stay as they are", async () => {
  const counts = () => {
    const ready = system.list().filter(({ state }) => state === "ready");
    return ["inquiry", "payment", "settlement"].map((unit) => ready.filter((row) => row.unit === unit).length);
  };
  // Six inquiries under way at any time, each of which takes 50 ms.
  const traffic = startTraffic(system.addresses.gateway);
  traffic.perSecond = 120;
  await until(() => counts()[0] === 3, "three instances of inquiry");
  traffic.perSecond = 0;
  await until(() => system.list().filter(({ unit }) => unit === "inquiry").length === 1, "one instance of inquiry");
  await traffic.stop();
  assert.deepEqual(traffic.take().failures, []);
  assert.deepEqual(counts(), [1, 1, 1]);
  assert.deepEqual(
    decisions.filter((each) => !each.startsWith("inquiry ")),
    [],
  );
});

async function until(condition: () => boolean, what: string): Promise<void> {
  const givenUpAt = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() > givenUpAt) throw new Error(`waited in vain for ${what}: ${decisions.join(", ")}`);
    await moment(25);
  }
}
>>>>>>> pay
