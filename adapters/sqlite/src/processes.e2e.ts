/**
 * Several processes on one file, and one that is killed. The program they run is this very file, started with a URL: it
 * opens the database, says that it is ready, and when told how often moves one coin at a time between accounts, saying so
 * after each commit.
 */
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { seededRandom, systemClock, systemRandom } from "@cantle/core";
import { type Database, database, type Migrations } from "@cantle/database";
import { silentLogger } from "@cantle/telemetry";
import { sql } from "kysely";
import { sqlite } from "./engine.ts";
import { newUrl } from "./temporary.ts";

interface Tables {
  accounts: { id: number; balance: number };
  transfers: { id?: number; source: number; target: number };
}

const migrations: Migrations = {
  "0001-bank": `create table accounts (id integer primary key, balance integer not null);
    create table transfers (id integer primary key, source integer not null, target integer not null);
    insert into accounts values (0, 0), (1, 0), (2, 0);`,
};

async function transfer(db: Database<Tables>, round: number, stay: boolean): Promise<number> {
  const [source, target] = [round % 3, (round + 1) % 3];
  return db.transaction(async (tx) => {
    const { id } = await tx
      .insertInto("transfers")
      .values({ source, target })
      .returning("id")
      .executeTakeFirstOrThrow();
    for (const [account, change] of [
      [source, -1],
      [target, 1],
    ] as const) {
      const row = await tx.selectFrom("accounts").select("balance").where("id", "=", account).executeTakeFirstOrThrow();
      await new Promise((resolve) => setImmediate(resolve));
      await tx
        .updateTable("accounts")
        .set({ balance: row.balance + change })
        .where("id", "=", account)
        .execute();
      // Half done, and still here when the parent, who was told, kills.
      if (stay) {
        process.send?.({ inside: true });
        await new Promise(() => {});
      }
    }
    return Number(id);
  });
}

async function openBank(url: string) {
  const opened = await database<Tables>({ migrations }).open({
    service: "bank",
    name: "database",
    url,
    engine: sqlite,
    clock: systemClock,
    random: systemRandom(),
    log: silentLogger,
  });
  return { db: opened.bound as Database<Tables>, close: opened.close };
}

async function program(url: string): Promise<void> {
  // The listener comes first and stays, so that the channel keeps the process alive: the clock's timers do not.
  const told = new Promise<{ rounds: number; stayInside?: number }>((resolve) => void process.on("message", resolve));
  const { db, close } = await openBank(url);
  process.send?.({ done: 0 });
  const { rounds, stayInside } = await told;
  for (let round = 0; round < rounds; round++)
    process.send?.({ done: await transfer(db, round, round === stayInside) });
  await close();
  process.disconnect?.();
}

async function start(t: TestContext, url: string): Promise<ChildProcess> {
  const child = fork(fileURLToPath(import.meta.url), [url]);
  t.after(() => child.kill("SIGKILL"));
  const ended = once(child, "exit").then(() => assert.fail("the program ended before it was ready"));
  await Promise.race([once(child, "message"), ended]);
  ended.catch(() => {});
  return child;
}

async function assertConsistent(db: Database<Tables>): Promise<void> {
  const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(db);
  assert.deepEqual(rows, [{ integrity_check: "ok" }]);
  const { total } = await db
    .selectFrom("accounts")
    .select(sql<number>`sum(balance)`.as("total"))
    .executeTakeFirstOrThrow();
  assert.equal(total, 0, "money was made or lost");
  const accounts = await db.selectFrom("accounts").select(["id", "balance"]).execute();
  for (const { id, balance } of accounts) {
    const sum = await db
      .selectFrom("transfers")
      .select(sql<number>`coalesce(sum(case when target = ${id} then 1 else -1 end), 0)`.as("balance"))
      .where((row) => row.or([row("source", "=", id), row("target", "=", id)]))
      .executeTakeFirstOrThrow();
    assert.equal(sum.balance, balance, "a transfer is there without its effect, or the other way round");
  }
}

const [url] = process.argv.slice(2);
if (url === undefined) tests();
else await program(url);

function tests(): void {
  test("processes that start at once on a new file migrate it once, and their transactions lose nothing", async (t) => {
    const url = newUrl(t);
    const children = await Promise.all([start(t, url), start(t, url)]);
    const rounds = 60;
    for (const child of children) child.send({ rounds });
    const exits = await Promise.all(children.map((child) => once(child, "exit")));
    assert.deepEqual(
      exits.map(([code]) => code),
      [0, 0],
    );
    const { db, close } = await openBank(url);
    t.after(close);
    await assertConsistent(db);
    const transfers = await db.selectFrom("transfers").select("id").execute();
    assert.equal(transfers.length, 2 * rounds);
  });

  test("a process killed in the middle of transactions leaves what it had committed, whole", async (t) => {
    const random = seededRandom(20_240_611);
    const url = newUrl(t);
    for (let round = 0; round < 4; round++) {
      const child = await start(t, url);
      const killAfter = 3 + Math.floor(random.next() * 20);
      const stays = round % 2 === 1;
      const done: number[] = [];
      child.on("message", (message: { done?: number; inside?: true }) => {
        if (message.done !== undefined) done.push(message.done);
        if (message.inside || done.length >= killAfter) child.kill("SIGKILL");
      });
      child.send({ rounds: 100_000, stayInside: stays ? killAfter - 1 : undefined });
      const [, signal] = await once(child, "exit");
      assert.equal(signal, "SIGKILL");
      // Nobody else has the file open, so this is who recovers it.
      const { db, close } = await openBank(url);
      t.after(close);
      await assertConsistent(db);
      const { rows } = await sql<{ id: number | null }>`select max(id) as id from transfers`.execute(db);
      const [found, acknowledged] = [rows[0]?.id ?? 0, done.at(-1) ?? 0];
      if (stays) assert.equal(found, acknowledged, "a transaction that never ended is there");
      else assert.ok(found >= acknowledged, `transfer ${acknowledged} was acknowledged and is gone`);
      await close();
    }
  });
}
