import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf, messageOf, takeAll, testBroker } from "./fixture.ts";
import { readFilter } from "./letter-filter.ts";
import { type Choice, chooseLetters, lettersOf, reasonsOf } from "./letters.ts";

const source = { kind: "queue", name: "notices.notice" } as const;
const all: Choice = { ids: [], filter: readFilter(undefined), max: 1_000 };

/** A broker with 250 dead letters; every fifth one failed with INTERNAL. */
async function manyLetters() {
  const at = testBroker();
  const { broker } = at;
  const sent = Array.from({ length: 250 }, (_, index) => messageOf(`m-${index}`, { index }));
  await broker.queue?.send(source.name, sent);
  await takeAll(at, source, (delivery) => {
    const { index } = JSON.parse(Buffer.from(delivery.message.data).toString());
    return delivery.bury(index % 5 === 0 ? failureOf("INTERNAL", `broken ${index}`) : failureOf("UNREACHABLE", "away"));
  });
  return broker.deadLetters;
}

test("letters are read page by page, each once, oldest first", async () => {
  const deadLetters = await manyLetters();
  const read: string[] = [];
  for await (const { message } of lettersOf(deadLetters, source)) read.push(message.id);
  assert.deepEqual(
    read,
    Array.from({ length: 250 }, (_, index) => `m-${index}`),
  );
});

test("all are chosen, those of a filter, so many, or those that are named", async () => {
  const deadLetters = await manyLetters();
  const choose = async (choice: Partial<Choice>) => chooseLetters(deadLetters, source, { ...all, ...choice });
  assert.equal((await choose({})).length, 250);
  assert.equal((await choose({ filter: readFilter("code=INTERNAL") })).length, 50);
  assert.deepEqual(
    (await choose({ max: 2 })).map(({ message }) => message),
    ["m-0", "m-1"],
  );
  const [first, second] = await choose({ max: 2 });
  const named = await choose({ ids: [second?.id as string, first?.id as string, "none"] });
  assert.deepEqual(
    named.map(({ message }) => message),
    ["m-0", "m-1", null],
  );
});

test("reasons are counted, the most frequent first, with one to look at", async () => {
  const deadLetters = await manyLetters();
  const letters = await Array.fromAsync(lettersOf(deadLetters, source));
  const byCode = reasonsOf(letters, "code").map(({ code, count }) => [code, count]);
  assert.deepEqual(byCode, [
    ["UNREACHABLE", 200],
    ["INTERNAL", 50],
  ]);
  const [most, next] = reasonsOf(letters, "message");
  assert.deepEqual([most?.count, most?.message, most?.id], [200, "away", letters[249]?.id]);
  assert.deepEqual([next?.count, reasonsOf(letters, "message").length], [1, 51]);
});
