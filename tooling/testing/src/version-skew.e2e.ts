/**
 * Two versions at once, as in every rolling update: contracts, the wire, and stored data. What both sides know works, what one of
 * them does not know is refused with a code of its own, and nothing is mistaken for something else.
 */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createClient } from "@cantle/contract";
import { startPlaced } from "../fixtures/placed.ts";
import { teller } from "../fixtures/skew/teller.ts";
import { converse, frame, hello } from "../fixtures/wire.ts";
import { startTestSystem } from "./index.ts";

const skew = join(import.meta.dirname, "../fixtures/skew/system.ts");
const data = join(import.meta.dirname, "../fixtures/data/system.ts");

interface Case {
  readonly title: string;
  readonly ask: { readonly service: string; readonly operation: string; readonly input: unknown };
  readonly answer: unknown;
}

const cases: readonly Case[] = [
  {
    title: "an older service does not see an input that it does not know",
    ask: { service: "older", operation: "read", input: { id: "1", locale: "de" } },
    answer: { reply: { id: "1", name: "saw " } },
  },
  {
    title: "nor one in a body",
    ask: { service: "older", operation: "open", input: { name: "Ann", locale: "de" } },
    answer: { reply: { id: "new", name: '{"name":"Ann"}' } },
  },
  {
    title: "its failures are known to a newer caller",
    ask: { service: "older", operation: "read", input: { id: "none" } },
    answer: {
      error: { code: "DECLARED", message: "NoSuch", status: 404, failure: "NoSuch", data: { id: "none" } },
      isNoSuch: true,
    },
  },
  {
    title: "an operation that it does not have yet is told so",
    ask: { service: "older", operation: "search", input: { name: "Ann" } },
    answer: {
      error: { code: "OPERATION_UNKNOWN", message: "there is no operation 'search' of 'older' here" },
      isNoSuch: false,
    },
  },
  {
    title: "a newer service does without an input that its caller does not know, and answers more than was asked",
    ask: { service: "newer", operation: "read", input: { id: "1" } },
    answer: { reply: { id: "1", name: "saw undefined", locale: "de" } },
  },
  {
    title: "what is missing in a body has its default",
    ask: { service: "newer", operation: "open", input: { name: "Ann" } },
    answer: { reply: { id: "new", name: '{"name":"Ann","locale":"en"}' } },
  },
  {
    title: "a failure that its caller knows is that failure",
    ask: { service: "newer", operation: "read", input: { id: "none" } },
    answer: {
      error: { code: "DECLARED", message: "NoSuch", status: 404, failure: "NoSuch", data: { id: "none" } },
      isNoSuch: true,
    },
  },
  {
    title: "a failure that its caller does not know is taken for none that it knows",
    ask: { service: "newer", operation: "read", input: { id: "frozen" } },
    answer: {
      error: { code: "DECLARED", message: "Frozen", status: 423, failure: "Frozen", data: { since: "winter" } },
      isNoSuch: false,
    },
  },
  {
    title: "another major is another contract",
    ask: { service: "other", operation: "read", input: { id: "1" } },
    answer: {
      error: {
        code: "CONTRACT_INCOMPATIBLE",
        message: "'other' runs version 1.4.0, and the caller was written for 2.0.0",
      },
      isNoSuch: false,
    },
  },
];

for (const placement of ["one", "each", "threads", "http"]) {
  test(`placed as '${placement}', versions that differ get along as far as both know`, async (t) => {
    await using placed = await startPlaced(skew, placement);
    const { ask } = createClient(teller, { baseUrl: placed.url });
    for (const row of cases)
      await t.test(row.title, async () => assert.deepEqual((await ask(row.ask)).answer, row.answer));
  });
}

test("a wire that speaks no version of ours is refused with WIRE_VERSION, and one that speaks none at all is closed", async () => {
  await using placed = await startPlaced(skew, "each");
  const address = placed.running
    .list()
    .find(({ unit }) => unit === "older")
    ?.addresses.find((each) => each.startsWith("unix:"));
  const path = address?.slice("unix:".length) ?? "";
  const answers = async (bytes: Buffer) =>
    (await converse(path, bytes)).map(({ kind, text }) => `${kind} ${text}`).join();
  assert.match(await answers(hello({ version: [99, 0], service: "teller" })), /^goaway .WIRE_VERSION/);
  assert.match(await answers(hello({ service: "teller" })), /^goaway .PEER_REFUSED/);
  for (const bytes of [Buffer.from("GET / HTTP/1.1\r\n\r\n"), frame(2, Buffer.alloc(40)), Buffer.alloc(64, 0xff)])
    assert.match(await answers(bytes), /^(goaway .FRAME_INVALID.*)?$/s);
});

const newerFile = (path: string) => {
  const database = new DatabaseSync(path);
  // "Cntl" and a format that is not written yet.
  database.exec("pragma application_id = 0x436e746c; pragma user_version = 2");
  database.close();
};

for (const placement of ["one", "each"]) {
  test(`placed as '${placement}', data of a newer version stops its service, says what to do, and stays as it is`, async () => {
    let file = "";
    await using placed = await startPlaced(data, placement, {
      prepare(home) {
        const folder = join(home, ".cantle", "data");
        mkdirSync(folder, { recursive: true });
        file = join(folder, "notes.sqlite");
        newerFile(file);
      },
    });
    const [failed] = placed.running.list().filter(({ lastError }) => lastError !== null);
    assert.deepEqual([failed?.services, failed?.lastError?.code], [["notes"], "DATA_NEWER"]);
    const text = failed?.lastError?.text ?? "";
    for (const part of [
      "error[DATA_NEWER]: the database file was written by a newer version of Cantle",
      file,
      "help: run that version",
    ])
      assert.ok(text.includes(part), text);
    assert.deepEqual(await (await fetch(`${placed.url}/well`)).json(), { well: true });
    const database = new DatabaseSync(file);
    assert.deepEqual({ ...database.prepare("pragma user_version").get() }, { user_version: 2 });
    database.close();
  });
}

test("in a test too", async () => {
  const { default: system } = await import("../fixtures/data/system.ts");
  await using placed = await startTestSystem(system);
  const file = join(placed.folder, "newer.sqlite");
  newerFile(file);
  await assert.rejects(startTestSystem(system, { env: { NOTES_DATABASE_URL: `sqlite:${file}` } }), {
    code: "DATA_NEWER",
  });
});
