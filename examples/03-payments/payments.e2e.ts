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
