/** `run`: a task of a service, once, with the service's own data and what it calls beside it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { launch, testFolder } from "./fixture.ts";

const timeout = 60_000;

const contract = `import { contract, get } from "@cantle/contract";
import { z } from "zod";
export const words = contract("words", { version: "1.0.0", operations: { say: get("/say", { output: z.string() }) } });
export const notes = contract("notes", { version: "1.0.0", operations: {} });
`;
const words = `import { service } from "@cantle/service";
import { words } from "./contract.ts";
export default service(words, { handlers: { say: async () => "hello" } });
`;
const notes = `import { database } from "@cantle/database";
import { service } from "@cantle/service";
import { notes, words } from "./contract.ts";
const migrations = { "0001": "create table notes (text text not null)" };
export default service(notes, {
  uses: { words, database: database<{ notes: { text: string } }>({ migrations }) },
  handlers: {},
  tasks: {
    async fill({ database, words }) {
      await database.insertInto("notes").values({ text: await words.say() }).execute();
      return (await database.selectFrom("notes").selectAll().execute()).map((row) => row.text);
    },
    async fail() {
      throw new Error("it broke");
    },
  },
});
`;
const system = `import { system } from "@cantle/system";
export default system("s", { services: { words: () => import("./words.ts"), notes: () => import("./notes.ts") } });
`;
const files = { "contract.ts": contract, "words.ts": words, "notes.ts": notes, "system.ts": system };

test("a task runs with its service's data and calls, and its answer is printed", { timeout }, async () => {
  await using folder = await testFolder(files);
  for (const expected of [["hello"], ["hello", "hello"]]) {
    await using ran = launch(["run", "notes.fill"], { cwd: folder.path });
    assert.equal(await ran.ended, 0);
    assert.deepEqual(JSON.parse(ran.stdout()), expected);
  }
});

test("what cannot be run is one error with its exit code", { timeout }, async () => {
  await using folder = await testFolder(files);
  const wrong: [string, number, RegExp][] = [
    ["nobody.fill", 4, /error\[SERVICE_UNKNOWN\][\s\S]*words, notes/],
    ["notes.constructor", 4, /error\[OPERATION_UNKNOWN\][\s\S]*fill, fail/],
  ];
  for (const [named, exit, told] of wrong) {
    await using ran = launch(["run", named], { cwd: folder.path });
    assert.equal(await ran.ended, exit);
    assert.match(ran.stderr(), told);
    assert.equal(ran.stdout(), "");
  }
  await using broken = launch(["run", "notes.fail"], { cwd: folder.path });
  assert.notEqual(await broken.ended, 0);
  assert.match(broken.stderr(), /it broke/);
});
