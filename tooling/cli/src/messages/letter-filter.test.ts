import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeadLetter } from "@cantle/messaging";
import { failureOf, messageOf } from "./fixture.ts";
import { readFilter } from "./letter-filter.ts";

const letter: DeadLetter = {
  id: "7",
  attempts: 2,
  at: "2026-01-01T00:00:00.000Z",
  failures: [failureOf("INTERNAL", "first"), failureOf("UNREACHABLE", "the provider is away")],
  message: { ...messageOf("article-1", { to: "ann", article: { id: 5, tags: ["a"] }, gone: null }), position: "3" },
};

function isMeant(filter: string | undefined): boolean {
  return readFilter(filter)(letter);
}

test("without a filter all are meant", () => {
  assert.equal(isMeant(undefined), true);
});

test("a code is that of the last attempt", () => {
  assert.deepEqual(["code=UNREACHABLE", "code=INTERNAL", "code=unreachable"].map(isMeant), [true, false, false]);
});

test("a member of the data has exactly this value, also further in", () => {
  const filters = [
    "to=ann",
    "to=an",
    "article.id=5",
    'article.tags=["a"]',
    "gone=null",
    "article.id.x=5",
    "toString=x",
  ];
  assert.deepEqual(filters.map(isMeant), [true, false, true, true, true, false, false]);
});

test("any other text is looked for in the id, the data and the last error, in either case", () => {
  assert.deepEqual(["ARTICLE-1", "Provider", '"ann"', "first", "bob"].map(isMeant), [true, true, true, false, false]);
});

test("data that is no JSON has no members and can be searched", () => {
  const raw = { ...letter, message: { ...letter.message, data: new TextEncoder().encode("to=ann") } };
  assert.deepEqual([readFilter("to=ann")(raw), readFilter("=ann")(raw)], [false, true]);
});
