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
