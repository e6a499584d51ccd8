/** A system in the test's own process: what a test can say of it, and that nothing is left of it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { contract, get, post } from "@cantle/contract";
import { CantleError, seededRandom, virtualClock } from "@cantle/core";
import { database } from "@cantle/database";
import { service } from "@cantle/service";
import { remote, system } from "@cantle/system";
import { createLogger } from "@cantle/telemetry";
import { z } from "zod";
import { front } from "../fixtures/chain/contracts.ts";
import chain from "../fixtures/chain/system.ts";
import { startTestSystem, type TestSystemOptions } from "./index.ts";

const mailer = contract("mailer", {
  version: "1.0.0",
  operations: {
    send: post("/mails", { input: z.object({ to: z.string() }), output: z.object({ sent: z.boolean() }) }),
  },
});

const guests = contract("guests", {
  version: "1.0.0",
  operations: {
    sign: post("/guests", {
      access: "user",
      input: z.object({ words: z.string().max(20) }),
      output: z.object({ id: z.string(), by: z.string(), at: z.string(), mailed: z.boolean() }),
      errors: { Full: { status: 409 } },
    }),
    clear: post("/clear", { access: { roles: ["admin"] } }),
    count: get("/count", { output: z.int() }),
    wait: get("/wait", { timeoutMs: 5_000 }),
  },
});

interface Tables {
  guests: { id: string; words: string };
}
const migrations = { "0001-guests": "create table guests (id text primary key, words text not null)" };

const guestsService = service(guests, {
  config: z.object({ guestsMax: z.int().default(2) }),
  uses: { mailer, database: database<Tables>({ migrations }) },
  handlers: {
    async sign({ words }, { database, mailer, caller, clock, config, fail, random, log }) {
      if ((await database.selectFrom("guests").select("id").execute()).length >= config.guestsMax) throw fail("Full");
      const id = random.hex(4);
      await database.insertInto("guests").values({ id, words }).execute();
      log.info("signed", { by: caller.id });
      const { sent } = await mailer.send({ to: caller.id });
      return { id, by: caller.id, at: new Date(clock.wallMs()).toISOString(), mailed: sent };
    },
    async clear(_input, { database }) {
      await database.deleteFrom("guests").execute();
    },
    count: async (_input, { database }) => (await database.selectFrom("guests").select("id").execute()).length,
    wait: () => new Promise(() => {}),
  },
});
const brokenMailer = () => Promise.reject(new Error("no module here"));
const hotel = system("hotel", {
  services: { guests: async () => ({ default: guestsService }), mailer: brokenMailer },
});
const quietMailer = service(mailer, { handlers: { send: async () => ({ sent: true }) } });
const start = (options: TestSystemOptions = {}) =>
  startTestSystem(hotel, { replace: { mailer: quietMailer }, ...options });
const ann = { as: { id: "ann" } };

test("clients call as the platform or as a user, who may do what the contract says", async () => {
  await using running = await start();
  const [platform, guest] = [running.client(guests), running.client(guests, ann)];
  const { by, mailed } = await guest.sign({ words: "lovely" });
  assert.deepEqual([by, mailed], ["ann", true]);
  assert.equal(await platform.count(), 1);
  await assert.rejects(platform.sign({ words: "who?" }), { code: "UNAUTHENTICATED" });
  await assert.rejects(guest.clear(), { code: "FORBIDDEN" });
  await running.client(guests, { as: { id: "eve", roles: ["admin"] } }).clear();
  assert.equal(await platform.count(), 0);
  await assert.rejects(guest.sign({ words: "x".repeat(21) }), { code: "INPUT_INVALID" });
});

test("a replaced implementation is used and the one it replaces is never loaded; a remote service can be replaced too", async () => {
  const mails: string[] = [];
  const fake = service(mailer, { handlers: { send: async ({ to }) => ({ sent: mails.push(to) > 9 }) } });
  const far = system("hotel", { services: { ...hotel.services, mailer: remote(mailer) } });
  for (const whole of [hotel, far]) {
    await using running = await startTestSystem(whole, { replace: { mailer: fake } });
    assert.equal((await running.client(guests, ann).sign({ words: "hi" })).mailed, false);
  }
  assert.deepEqual(mails, ["ann", "ann"]);
});

test("a remote service that is not replaced fails the start, and says what to do", async () => {
  const far = system("hotel", { services: { ...hotel.services, mailer: remote(mailer) } });
  await assert.rejects(startTestSystem(far), (error: CantleError) => {
    assert.equal(error.code, "SERVICE_BROKEN");
    assert.match(error.help ?? "", /replace: \{ mailer:/);
    return true;
  });
});

test("only a service of the system can be replaced, and only by its own contract", async () => {
  for (const replace of [{ post: quietMailer }, { guests: quietMailer }, { constructor: quietMailer }])
    await assert.rejects(startTestSystem(hotel, { replace }), { code: "SYSTEM_INVALID" });
});

test("configuration is an object by service, checked as a file is, and nothing else is read", async () => {
  await using running = await start({ config: { guests: { guestsMax: 1 } } });
  const guest = running.client(guests, ann);
  await guest.sign({ words: "one" });
  await assert.rejects(guest.sign({ words: "two" }), { code: "DECLARED", failure: "Full" });
  for (const config of [{ guests: { guestsMax: "many" } }, { guests: { guestMax: 1 } }])
    await assert.rejects(start({ config }), (error: CantleError) => {
      assert.equal(error.code, "CONFIG_INVALID");
      assert.match(Object.keys(error.errors ?? {}).join(), /^guests\.guests?Max$/);
      return true;
    });
  await using other = await start({ config: { guests: { guestsMax: 5 } }, env: { GUESTS_GUESTS_MAX: "0" } });
  await assert.rejects(other.client(guests, ann).sign({ words: "none" }), { failure: "Full" });
});

test("the environment of the test's process is not the system's", async (t) => {
  process.env.GUESTS_GUESTS_MAX = "0";
  t.after(() => delete process.env.GUESTS_GUESTS_MAX);
  await using running = await start();
  await running.client(guests, ann).sign({ words: "still" });
});

test("a service that cannot run fails the start with its error, and leaves nothing; unless that is allowed", async () => {
  await assert.rejects(startTestSystem(hotel), (error: CantleError) => {
    assert.equal(error.code, "SERVICE_BROKEN");
    assert.match((error.cause as Error).message, /no module here/);
    return true;
  });
  const env = { GUESTS_DATABASE_URL: "oracle:x" };
  await assert.rejects(start({ env }), { code: "ENGINE_MISSING" });
  await using none = await start({ env, allowFailed: true });
  assert.deepEqual(
    [...none.failed].map(([name, { code }]) => [name, code]),
    [["guests", "ENGINE_MISSING"]],
  );
  await using running = await startTestSystem(hotel, { allowFailed: true });
  assert.deepEqual([...running.failed.keys()], ["mailer"]);
  assert.equal(await running.client(guests).count(), 0);
});

test("with a virtual clock a deadline passes when the test says so, and with a seed ids are the same", async () => {
  const signed = async () => {
    const clock = virtualClock(Date.UTC(2030, 0, 1));
    await using running = await start({ clock, random: seededRandom(7) });
    const waiting = running.client(guests).wait();
    const late = assert.rejects(waiting, { code: "DEADLINE_EXCEEDED" });
    await clock.advance(6_000);
    await late;
    return await running.client(guests, ann).sign({ words: "later" });
  };
  const first = await signed();
  assert.equal(first.at, "2030-01-01T00:00:06.000Z");
  assert.deepEqual(await signed(), first);
});

test("each start has its own data, and stopping removes it", async () => {
  const [one, two] = [await start(), await start()];
  await one.client(guests, ann).sign({ words: "here" });
  assert.equal(await two.client(guests).count(), 0);
  assert.ok(existsSync(`${one.folder}/.cantle/data/guests.sqlite`));
  await Promise.all([one.stop(), two.stop()]);
  await one.stop();
  assert.deepEqual([existsSync(one.folder), existsSync(two.folder)], [false, false]);
});

test("the log is kept and passed on, and shown when the test fails", async () => {
  for (const passed of [true, false]) {
    const shown: string[] = [];
    const records: unknown[] = [];
    let end: () => void | Promise<void> = () => assert.fail("the system did not ask when the test ends");
    const context = {
      passed,
      after(task: typeof end) {
        end = task;
      },
      diagnostic: (line: string) => shown.push(line),
    };
    const running = await start({ test: context, log: createLogger((_level, message) => records.push(message)) });
    await running.client(guests, ann).sign({ words: "loud" });
    assert.ok(running.logged().includes('info: [guests.sign] signed {"by":"ann"}'));
    assert.ok(records.includes("signed"));
    await end();
    assert.equal(existsSync(running.folder), false);
    assert.deepEqual(shown, passed ? [] : running.logged());
  }
});

test("what a handler throws is in the log with its cause and place", async () => {
  const broken = service(mailer, {
    handlers: {
      send: async () => {
        throw new CantleError("REPLY_MALFORMED", "the post office speaks in tongues", { cause: new TypeError("huh") });
      },
    },
  });
  await using running = await start({ replace: { mailer: broken } });
  await assert.rejects(running.client(guests, ann).sign({ words: "lost" }), { code: "INTERNAL" });
  assert.match(running.logged().join("\n"), /error: \[mailer\].*speaks in tongues.*TypeError: huh.*test-system/s);
});

test("baggage travels to the last service, and faults and other policies of configuration are in force", async (test) => {
  const policies = { back: { faults: [{ when: { tenant: "unlucky" }, ratio: 1, abort: "OVERLOADED" }] } };
  const tiers = await startTestSystem(chain, { test, config: { policies } });
  const client = tiers.client(front);
  assert.deepEqual((await client.work({}, { baggage: { tenant: "a, b" } })).baggage, { tenant: "a, b" });
  await assert.rejects(client.work({}, { baggage: { tenant: "unlucky" } }), { code: "UNAVAILABLE" });
  await assert.rejects(client.work({}, { baggage: { "no name": "1" } }), { code: "INPUT_INVALID" });
  await assert.rejects(client.work({}, { baggage: { large: "x".repeat(9_000) } }), { code: "INPUT_INVALID" });
  await assert.rejects(startTestSystem(chain, { config: { policies: { bakc: {} } } }), { code: "CONFIG_INVALID" });
});
