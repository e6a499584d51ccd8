import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { systemClock, systemRandom } from "@cantle/core";
import { type Database, type DatabaseEngine, database, type Migrations } from "@cantle/database";
import { silentLogger } from "@cantle/telemetry";
import { sql } from "kysely";
import { createSqliteEngine } from "./engine.ts";
import { newPath } from "./temporary.ts";

interface Tables {
  t: { n: number };
}

interface Options {
  readonly engine?: DatabaseEngine;
  readonly migrations?: Migrations;
}

const one: Migrations = { "0001-t": "create table t (n integer not null unique)" };

async function open(t: TestContext, path: string, { engine = createSqliteEngine(), migrations = one }: Options = {}) {
  const opened = await database<Tables>({ migrations }).open({
    service: "ledger",
    name: "database",
    url: `sqlite:${path}`,
    engine,
    clock: systemClock,
    random: systemRandom(),
    log: silentLogger,
  });
  t.after(() => opened.close());
  return { db: opened.bound as Database<Tables>, close: opened.close };
}

const put = (db: Pick<Database<Tables>, "insertInto">, n: number) => db.insertInto("t").values({ n }).execute();
const count = async (db: Database<Tables>) => (await db.selectFrom("t").select("n").execute()).length;
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** Begins a transaction that ends when told. */
async function hold(db: Database<Tables>, n = 1000) {
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const ended = db.transaction(async (tx) => {
    await put(tx, n);
    begun.resolve();
    await end.promise;
  });
  await begun.promise;
  return async () => {
    end.resolve();
    await ended;
  };
}

test("the file, its WAL and its shared memory are for their owner alone, like the folder that was made for them", async (t) => {
  const path = newPath(t, "state/data/ledger.sqlite");
  const { db } = await open(t, path);
  await put(db, 1);
  assert.deepEqual([path, `${path}-wal`, `${path}-shm`].map(modeOf), ["600", "600", "600"]);
  assert.equal(modeOf(dirname(path)), "700");
});

test("a file that others could read is made private; a folder that was there is left as it is", async (t) => {
  const path = newPath(t, "data/ledger.sqlite");
  mkdirSync(dirname(path));
  chmodSync(dirname(path), 0o755);
  writeFileSync(path, "");
  chmodSync(path, 0o644);
  await open(t, path);
  assert.equal(modeOf(path), "600");
  assert.equal(modeOf(dirname(path)), "755");
});

test("commits are synced, in a WAL", async (t) => {
  const { db } = await open(t, newPath(t));
  assert.deepEqual((await sql`pragma journal_mode`.execute(db)).rows, [{ journal_mode: "wal" }]);
  assert.deepEqual((await sql`pragma synchronous`.execute(db)).rows, [{ synchronous: 2 }]);
});

test("closing brings everything into the one file", async (t) => {
  const path = newPath(t);
  const { db, close } = await open(t, path);
  await put(db, 1);
  for await (const _ of db.selectFrom("t").select("n").stream()) break;
  await close();
  assert.deepEqual([existsSync(`${path}-wal`), existsSync(`${path}-shm`)], [false, false]);
  const copy = new DatabaseSync(path);
  assert.equal(copy.prepare("select count(*) as n from t").get()?.n, 1);
  copy.close();
});

test("reads do not wait for a transaction, and see what was committed before it", async (t) => {
  const { db } = await open(t, newPath(t));
  await put(db, 1);
  const end = await hold(db);
  assert.equal(await count(db), 1);
  assert.deepEqual((await sql`select n from t`.execute(db)).rows, [{ n: 1 }]);
  await end();
  assert.equal(await count(db), 2);
});

test("a stream keeps the view it began with, and does not make other reads old", async (t) => {
  const { db } = await open(t, newPath(t));
  await put(db, 1);
  await put(db, 2);
  const seen: number[] = [];
  for await (const { n } of db.selectFrom("t").select("n").orderBy("n").stream(1)) {
    seen.push(n);
    await put(db, 100 + n);
    assert.equal(await count(db), 2 + seen.length);
  }
  assert.deepEqual(seen, [1, 2]);
});

test("two openings by one engine share the writer: the second waits its turn without ever being busy", async (t) => {
  const engine = createSqliteEngine({ busyMaxMs: 0 });
  const path = newPath(t);
  const [first, second] = [await open(t, path, { engine }), await open(t, path, { engine })];
  const end = await hold(first.db);
  const waiting = put(second.db, 2);
  await end();
  await waiting;
  assert.equal(await count(first.db), 2);
});

test("a writer of another engine is waited for, at most busyMaxMs", async (t) => {
  const path = newPath(t);
  const patient = await open(t, path);
  const hasty = await open(t, path, { engine: createSqliteEngine({ busyMaxMs: 20 }) });
  const end = await hold(patient.db);
  await assert.rejects(put(hasty.db, 1), { code: "OVERLOADED", notes: "busyMaxMs = 20" });
  await assert.rejects(
    hasty.db.transaction(async () => {}),
    { code: "OVERLOADED" },
  );
  await end();
  const endHasty = await hold(hasty.db, 1);
  const waiting = put(patient.db, 2);
  await endHasty();
  await waiting;
  assert.equal(await count(hasty.db), 3);
});

test("more writes than waitingMax are shed", async (t) => {
  const { db } = await open(t, newPath(t), { engine: createSqliteEngine({ waitingMax: 2 }) });
  const end = await hold(db);
  const waiting = [put(db, 1), put(db, 2)];
  await assert.rejects(put(db, 3), { code: "OVERLOADED", notes: "waitingMax = 2" });
  await end();
  await Promise.all(waiting);
  assert.equal(await count(db), 3);
});

test("more streams than streamsMax are shed; one that was left gives its place free", async (t) => {
  const { db } = await open(t, newPath(t), { engine: createSqliteEngine({ streamsMax: 1 }) });
  await put(db, 1);
  await put(db, 2);
  const stream = () => db.selectFrom("t").select("n").stream(1);
  for (let round = 0; round < 3; round++) {
    const first = stream();
    await first.next();
    await assert.rejects(stream().next(), { code: "OVERLOADED", notes: "streamsMax = 1" });
    await first.return?.();
  }
});

test("the database of another application is refused and not touched", async (t) => {
  const path = newPath(t);
  const other = new DatabaseSync(path);
  other.exec("create table theirs (n integer)");
  other.close();
  const before = readFileSync(path);
  await assert.rejects(open(t, path), { code: "DATA_DAMAGED", place: path });
  assert.deepEqual(readFileSync(path), before);
});

for (const [what, content] of [
  ["a text", "this is not a database\n"],
  ["a long text", "this is not a database\n".repeat(1000)],
  ["a file of zeros", Buffer.alloc(8192)],
] as const) {
  test(`${what} is refused and not touched`, async (t) => {
    const path = newPath(t);
    writeFileSync(path, content);
    await assert.rejects(open(t, path), { code: "DATA_DAMAGED", place: path });
    assert.deepEqual(readFileSync(path), Buffer.from(content));
  });
}

test("a file of a newer format is refused and not touched", async (t) => {
  const path = newPath(t);
  await (await open(t, path)).close();
  const newer = new DatabaseSync(path);
  newer.exec("pragma user_version = 2");
  newer.close();
  await assert.rejects(open(t, path, { migrations: { ...one, "0002": "create table later (n)" } }), {
    code: "DATA_NEWER",
    place: path,
  });
});

test("a damaged page is an error that names the file, not a wrong answer", async (t) => {
  const path = newPath(t);
  const { db, close } = await open(t, path);
  await db.transaction(async (tx) => {
    for (let n = 0; n < 2000; n++) await put(tx, n);
  });
  await close();
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096 * 2);
  writeFileSync(path, bytes);
  const failing = open(t, path).then(({ db }) => count(db));
  await assert.rejects(failing, { code: "DATA_DAMAGED", place: path });
});

test("a folder that cannot be made is an error that names the path", async (t) => {
  const path = newPath(t);
  writeFileSync(path, "");
  await assert.rejects(open(t, `${path}/ledger.sqlite`), { code: "CONFIG_INVALID", place: `${path}/ledger.sqlite` });
});

test("an opening that failed gives the file free for the next", async (t) => {
  const engine = createSqliteEngine();
  const path = newPath(t);
  const oops = { up: () => Promise.reject(new RangeError("oops")) };
  await assert.rejects(open(t, path, { engine, migrations: { ...one, "0002": oops } }), { code: "MIGRATION_FAILED" });
  assert.equal(existsSync(`${path}-wal`), false);
  assert.equal(await count((await open(t, path, { engine })).db), 0);
});

test("a migration can make a table anew to which others refer, and loses no row of theirs", async (t) => {
  const path = newPath(t);
  const family = `create table parents (id integer primary key, name text);
    create table children (id integer primary key, parent integer not null references parents (id) on delete cascade);
    insert into parents values (1, 'a'); insert into children values (10, 1);`;
  const anew = `create table parents2 (id integer primary key, name text not null);
    insert into parents2 select * from parents; drop table parents; alter table parents2 rename to parents;`;
  await (await open(t, path, { migrations: { "1": family } })).close();
  const { db, close } = await open(t, path, { migrations: { "1": family, "2": anew } });
  assert.deepEqual((await sql`select * from children`.execute(db)).rows, [{ id: 10, parent: 1 }]);
  await assert.rejects(sql`insert into children values (11, 2)`.execute(db), /FOREIGN KEY/);
  await close();
  const dangling = { "1": family, "2": anew, "3": "delete from parents" };
  await assert.rejects(open(t, path, { migrations: dangling }), { code: "MIGRATION_FAILED" });
  const { db: after } = await open(t, path, { migrations: { "1": family, "2": anew } });
  assert.equal((await sql`select * from parents`.execute(after)).rows.length, 1);
});

test("begin, commit and rollback as queries are refused, and nothing runs outside of its transaction", async (t) => {
  const { db } = await open(t, newPath(t));
  await assert.rejects(sql`begin`.execute(db), /began a transaction/);
  for (const end of ["commit", "rollback"]) {
    const escaping = db.transaction(async (tx) => {
      await sql.raw(end).execute(tx);
      await put(tx, 1);
    });
    await assert.rejects(escaping, /was ended by a statement in it/);
    assert.equal(await count(db), 0);
  }
  // Some failures make SQLite roll back by itself; who swallows the error must not go on outside.
  await put(db, 1);
  const swallowing = db.transaction(async (tx) => {
    await put(tx, 2);
    await sql`insert or rollback into t values (1)`.execute(tx).catch(() => {});
    await put(tx, 3);
  });
  await assert.rejects(swallowing, /or by the database/);
  assert.equal(await count(db), 1);
});

test("a commit that fails is rolled back, and the next transaction begins", async (t) => {
  const deferred = `create table parents (id integer primary key);
    create table children (parent integer references parents (id) deferrable initially deferred);`;
  const { db } = await open(t, newPath(t), { migrations: { ...one, "0002": deferred } });
  const failing = db.transaction(async (tx) => void (await sql`insert into children values (1)`.execute(tx)));
  await assert.rejects(failing, /FOREIGN KEY/);
  await db.transaction((tx) => put(tx, 1));
  assert.equal(await count(db), 1);
});
