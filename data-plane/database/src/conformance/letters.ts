/** A service that writes rows and publishes, run whole on the database under test. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { contract, event, post, type Schema } from "@cantle/contract";
import { Call, type Clock, createDeadlines, newTrace, systemClock, systemRandom } from "@cantle/core";
import { staticResolver } from "@cantle/mesh";
import { type RunningService, runService, service } from "@cantle/service";
import { createLogger } from "@cantle/telemetry";
import { sql } from "kysely";
import { database } from "../database.ts";
import type { Database, Queries } from "../queries.ts";
import { type Letter, Postbox } from "./postbox.ts";
import type { Subject } from "./subject.ts";

interface Writing {
  readonly id: string;
  readonly texts: readonly string[];
  readonly fails?: boolean;
  readonly past?: boolean;
  /** The handler fails behind its transaction, the first so many times. */
  readonly failsAfter?: number;
}

/** A schema of an object with these members, strings where it says so: enough here, and no library is needed. */
function members<T extends object>(strings: readonly string[], more: readonly string[] = []): Schema<T, T> {
  const properties = Object.fromEntries([
    ...strings.map((name) => [name, { type: "string" }] as const),
    ...more.map((name) => [name, {}] as const),
  ]);
  const json = () => ({ type: "object", properties, required: [...strings] });
  return {
    "~standard": {
      version: 1,
      vendor: "conformance",
      validate: (value) =>
        strings.every((name) => typeof (value as Record<string, unknown>)?.[name] === "string")
          ? { value: value as T }
          : { issues: [{ message: "is not what it should be" }] },
      jsonSchema: { input: json, output: json },
    },
  };
}

const letters = contract("letters", {
  version: "1.0.0",
  operations: {
    write: post("/letters", {
      input: members<Writing>(["id"], ["texts", "fails", "past", "failsAfter"]),
      output: members<{ number: number }>([], ["number"]),
    }),
  },
  events: { written: event(members<Letter>(["id", "text"]), { key: "id" }) },
});

interface Rows {
  letters: { name: string; text: string };
  received: { message: string; kind: string };
}

const migrations = {
  "0001-letters":
    "create table letters (name text primary key, text text not null); create table received (message text not null, kind text not null)",
};

interface Counts {
  readonly rows: number;
  readonly received: { readonly letters: number; readonly counted: number };
  /** Rows of `cantle_effects`. */
  readonly remembered: number;
}

/** What a test may say of how it is opened. */
interface Opening {
  readonly url?: string;
  /** The broker; shared by several instances. */
  readonly postbox?: Postbox;
  readonly clock?: Clock;
}

const receive = (rows: Queries<Rows>, message: string, kind: string) =>
  rows.insertInto("received").values({ message, kind }).execute();

/** What it does hangs on what is there: the first time it writes and fails, the next time it changes what it wrote. */
async function branch(database: Database<Rows>, message: string): Promise<void> {
  const known = await database.selectFrom("received").select("kind").where("message", "=", message).execute();
  assert.ok(known.length > 0 || !(await receive(database, message, "letter")), "as asked for");
  await database.updateTable("received").set({ kind: "counted" }).where("message", "=", message).execute();
}

/** Handles a letter as its text says. */
async function received(database: Database<Rows>, message: { id: string; attempt: number }, text: string) {
  if (text === "branches") return branch(database, message.id);
  if (text === "repeats") await database.transaction((tx) => receive(tx, message.id, "letter"), { repeatable: true });
  await database.transaction(async (tx) => {
    await tx.insertInto("received").values({ message: message.id, kind: "letter" }).execute();
  });
  await receive(database, message.id, "counted");
  assert.ok(text !== "fails" || message.attempt > 1, "as asked for");
}

async function countRows(database: Queries<Rows>): Promise<Counts> {
  const rows = await database.selectFrom("letters").select("name").execute();
  const received = await database.selectFrom("received").select("kind").execute();
  const of = (kind: string) => received.filter((each) => each.kind === kind).length;
  const effects = await sql`select step from cantle_effects`.execute(database);
  return {
    rows: rows.length,
    received: { letters: of("letter"), counted: of("counted") },
    remembered: effects.rows.length,
  };
}

/** Opens the service; it is stopped after the test. */
export async function openLetters(
  t: TestContext,
  subject: Subject,
  { url, postbox = new Postbox(), clock = systemClock }: Opening = {},
) {
  const at = url ?? (await subject.newUrl(t));
  const logged: string[] = [];
  let entered = 0;
  const definition = service(letters, {
    uses: { database: database<Rows>({ migrations }) },
    handlers: {
      async write({ id, texts, fails, past, failsAfter = 0 }, { database, events }) {
        entered++;
        if (past) await events.written({ id, text: "past" });
        const number = await database.transaction(async (tx) => {
          const { length } = await tx.selectFrom("letters").select("name").execute();
          await tx
            .insertInto("letters")
            .values({ name: `${id}/${length}`, text: texts.join() })
            .execute();
          for (const text of texts) await tx.events.written({ id, text });
          assert.ok(!fails, "as asked for");
          return length + 1;
        });
        assert.ok(entered > failsAfter, "as asked for");
        return { number };
      },
    },
    tasks: {
      forget: ({ database }) => database.transaction((tx) => tx.forget(letters.events.written)),
      count: ({ database }) => countRows(database),
    },
    on: (subscribe) => [
      subscribe(letters.events.written, ({ text }, { database, message }) => received(database, message, text)),
    ],
  });
  const running = await runService(definition, {
    clock,
    random: systemRandom(),
    deadlines: createDeadlines(clock),
    log: createLogger((_level, message, fields) =>
      logged.push(`${message} ${JSON.stringify(fields)} ${fields["error"]}`),
    ),
    resolver: staticResolver(),
    dial: () => assert.fail("it calls nobody"),
    config: {},
    engineOf: async () => ({ url: at, engine: subject.newEngine() }),
    publisher: postbox,
  });
  t.after(() => running.stop());
  return {
    write: writer(running),
    deliver: deliverer(running),
    stop: () => running.stop(),
    postbox,
    entered: () => entered,
    log: () => logged.join("\n"),
    forget: () => running.run("forget"),
    rows: async () => ((await running.run("count")) as Counts).rows,
    received: async () => ((await running.run("count")) as Counts).received,
    remembered: async () => ((await running.run("count")) as Counts).remembered,
  };
}

function writer({ served }: RunningService) {
  return async ({ key, caller, ...input }: Writing & { readonly key?: string; readonly caller?: string }) => {
    const [write] = served;
    assert.ok(write);
    const reply = await write.handle(
      new Call(write.operation, {
        payload: { kind: "value", value: input },
        peer: { service: "test", uses: "*" },
        caller: caller === undefined ? undefined : { id: caller, roles: [], assertion: "" },
        trace: newTrace(systemRandom()),
        deadlineMs: Number.POSITIVE_INFINITY,
        idempotencyKey: key,
      }),
    );
    assert.equal(reply.kind, "value");
    return (reply as { value: { number: number } }).value;
  };
}

function deliverer({ consumers }: RunningService) {
  const attempts = new Map<string, number>();
  return async ({ id, to, text = "goes" }: { readonly id: string; readonly to: string; readonly text?: string }) => {
    const [consumer] = consumers;
    assert.ok(consumer);
    const attempt = (attempts.get(id) ?? 0) + 1;
    attempts.set(id, attempt);
    const data = JSON.stringify({ id: to, text });
    await consumer.handle(
      new Call(consumer.operation, {
        payload: { kind: "bytes", bytes: new TextEncoder().encode(data) },
        peer: { service: "letters", uses: "*" },
        trace: newTrace(systemRandom()),
        deadlineMs: Number.POSITIVE_INFINITY,
        idempotencyKey: id,
        message: { id, source: "letters", time: new Date(0).toISOString(), key: to, attempt },
      }),
    );
  };
}
