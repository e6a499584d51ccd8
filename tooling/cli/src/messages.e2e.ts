/** `cantle topics`, `queues` and `dead-letters`, on systems that run. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { launch, runToEnd, testFolder } from "./fixture.ts";

const timeout = 120_000;

/** A shop that sells, and mails that fail for everybody but those whom the file `mended` lets through. */
const shop = {
  "system.ts": `
import { system } from "@cantle/system";
export default system("shop", {
  services: { sales: () => import("./sales.ts"), mails: () => import("./mails.ts") },
});`,
  "sales.ts": `
import { contract, event } from "@cantle/contract";
import { service } from "@cantle/service";
import { z } from "zod";

export const sales = contract("sales", {
  version: "1.0.0",
  operations: {},
  events: { sold: event(z.object({ to: z.string(), cents: z.int() }), { key: "to" }) },
});
export default service(sales, { handlers: {} });`,
  "mails.ts": `
import { existsSync } from "node:fs";
import { contract, queue } from "@cantle/contract";
import { CantleError } from "@cantle/core";
import { service } from "@cantle/service";
import { z } from "zod";
import { sales } from "./sales.ts";

const mails = contract("mails", {
  version: "1.0.0",
  operations: {},
  queues: { mail: queue(z.object({ to: z.string() })) },
});
export default service(mails, {
  uses: { sales },
  handlers: {},
  on: (subscribe) => [
    subscribe(sales.events.sold, async ({ to }, { queues, message }) => queues.mail({ to }, { id: message.id + "-" + message.attempt })),
    subscribe(
      mails.queues.mail,
      async ({ to }) => {
        if (!existsSync(new URL("./mended", import.meta.url))) throw new CantleError("UNAVAILABLE", "no mail for " + to);
      },
      { deliveriesMax: 2, backOff: { firstMs: 0, maxMs: 0 } },
    ),
  ],
});`,
};

/** Runs commands about messages in a folder. */
function at(cwd: string, env: Readonly<Record<string, string>>) {
  const run = (...words: string[]) => runToEnd(words, { cwd, env });
  const json = async (...words: string[]) => {
    const { exit, stdout, stderr } = await run(...words, "--json");
    assert.equal(exit, 0, stderr);
    return JSON.parse(stdout);
  };
  /** Asks again until it is so; the test's own time limit ends the waiting otherwise. */
  const until = async (words: readonly string[], isSo: (printed: any) => boolean) => {
    let printed = await json(...words);
    while (!isSo(printed)) printed = await json(...words);
    return printed;
  };
  return { run, json, until };
}

for (const [units, env] of [
  ["one", {}],
  ["each", {}],
  ["threads", { BROKER_URL: "memory:" }],
] as const)
  test(`with --units ${units}, what was given up is found, looked into and delivered again`, { timeout }, async () => {
    await using folder = await testFolder(shop);
    const cwd = folder.path;
    await using started = launch(["start", "--units", units, "--port", "0"], { cwd, env });
    await started.until(/is ready at/);
    const { run, json, until } = at(cwd, env);

    const refused = await run("topics", "publish", "sales.sold", "--data", '{"to":"ann"}');
    assert.deepEqual([refused.exit, refused.stdout], [8, ""]);
    assert.match(refused.stderr, /error\[MESSAGE_INVALID\].*\n(.*\n)* +note: cents: /);
    for (const to of ["ann", "bob"])
      await json("topics", "publish", "sales.sold", "--data", JSON.stringify({ to, cents: 5 }), "--id", `sale-${to}`);

    const listed = await until(["dead-letters"], ({ sources }) => sources[0]?.count === 2);
    assert.deepEqual(
      listed.sources.map(({ source, reasons }: any) => [source, reasons[0].code, reasons[0].count]),
      [["mails.mail", "UNAVAILABLE", 2]],
    );
    const { letters } = await json("dead-letters", "peek", "mails.mail", "--filter", "to=ann");
    assert.deepEqual(
      letters.map(({ attempts, message }: any) => [attempts, message.id, message.data]),
      [[2, "sale-ann-1", { to: "ann" }]],
    );
    const shown = await json("dead-letters", "show", "mails.mail", letters[0].id);
    assert.deepEqual(
      shown.failures.map(({ attempt, code, message }: any) => [attempt, code, message]),
      [
        [1, "UNAVAILABLE", "no mail for ann"],
        [2, "UNAVAILABLE", "no mail for ann"],
      ],
    );
    assert.match(shown.failures[0].traceId, /^[0-9a-f]{32}$/);

    await folder.write("mended", "");
    const dry = await run("dead-letters", "redrive", "mails.mail", "--dry-run");
    assert.match(dry.stderr, /2 dead letters of 'mails\.mail' would be redriven/);
    const redriven = await run("dead-letters", "redrive", "mails.mail", "--rate", "50/s");
    assert.equal(redriven.exit, 0, redriven.stderr);
    assert.match(redriven.stdout, /^redriven {2}\S+ {2}sale-ann-1\nredriven {2}\S+ {2}sale-bob-1\n$/);
    await until(["queues", "show", "mails.mail"], (queue) => queue.waiting + queue.delayed + queue.inFlight === 0);
    assert.deepEqual(await json("dead-letters"), { sources: [] });

    const { topics } = await until(["topics"], ({ topics }) => topics[0]?.groups[0]?.lag === 0);
    assert.deepEqual([topics[0].topic, topics[0].messages, topics[0].groups[0].group], ["sales.sold", 2, "mails"]);
    const { messages } = await json("topics", "peek", "sales.sold");
    assert.deepEqual(
      messages.map(({ id, key }: any) => [id, key]),
      [
        ["sale-ann", "ann"],
        ["sale-bob", "bob"],
      ],
    );
    const unasked = await run("topics", "seek", "sales.sold", "mails", "--to", "first");
    assert.equal(unasked.exit, 2);
    assert.match(unasked.stderr, /2 messages will be delivered to it.*\n(.*\n)* {2}help: say --yes/);
    assert.equal((await json("topics", "seek", "sales.sold", "mails", "--to", "first", "--yes")).messages, 2);
    await until(["topics", "show", "sales.sold"], ({ groups }) => groups[0].lag === 0);
  });

test("work for later waits, can be looked at, and is purged", { timeout }, async () => {
  await using folder = await testFolder(shop);
  const cwd = folder.path;
  const { run, json } = at(cwd, {});
  assert.equal((await run("queues")).exit, 4, "nothing runs yet");
  await using started = launch(["start", "--units", "one", "--port", "0"], { cwd });
  await started.until(/is ready at/);
  const words = ["queues", "publish", "mails.mail", "--data", '{"to":"eve"}', "--delay", "1h", "--priority", "low"];
  const { id, notBefore, priority } = await json(...words);
  assert.equal(priority, "low");
  const { messages } = await json("queues", "peek", "mails.mail");
  assert.deepEqual(
    messages.map((message: any) => [message.id, message.notBefore]),
    [[id, notBefore]],
  );
  assert.deepEqual((await json("queues", "show", "mails.mail")).delayed, 1);
  assert.deepEqual(await json("queues", "purge", "mails.mail", "--yes"), { queue: "mails.mail", removed: 1 });
  for (const [slip, text] of [
    [["queues", "peek", "mails.mial"], /did you mean 'mails\.mail'/],
    [["topics", "publish", "sales.slod", "--data", "{}"], /did you mean 'sales\.sold'/],
    [["dead-letters", "show", "mails.mall"], /did you mean 'mails\.mail'/],
  ] as const) {
    const { exit, stdout, stderr } = await run(...slip);
    assert.deepEqual([exit, stdout], [4, ""], stderr);
    assert.match(stderr, text);
  }
});

test("Ctrl-C ends a redrive between two letters, and the rest stays", { timeout }, async () => {
  await using folder = await testFolder(shop);
  const cwd = folder.path;
  await using started = launch(["start", "--units", "one", "--port", "0"], { cwd });
  await started.until(/is ready at/);
  const { json, until } = at(cwd, {});
  for (const to of ["ann", "bob", "eve"])
    await json("queues", "publish", "mails.mail", "--data", JSON.stringify({ to }));
  await until(["dead-letters"], ({ sources }) => sources[0]?.count === 3);
  await folder.write("mended", "");
  await using redrive = launch(["dead-letters", "redrive", "mails.mail", "--rate", "0.01/s"], { cwd });
  await redrive.until(/^redriven /m);
  redrive.child.kill("SIGINT");
  assert.equal(await redrive.ended, 1);
  assert.match(redrive.stderr(), /1 of mails\.mail redriven, 2 left\n$/);
  assert.equal((await json("dead-letters")).sources[0].count, 2);
});
