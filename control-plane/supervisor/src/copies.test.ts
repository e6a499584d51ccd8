import assert from "node:assert/strict";
import { test } from "node:test";
import { specOf } from "../fixtures/stage.ts";
import { type Before, freeNames, inheritNames } from "./copies.ts";

const two = ["articles-1", "articles-2"].map((instance) => specOf("serve", { instance, overlap: true }));

/** The names of two instances of a unit, after what is known from before. */
function named(before: Before | undefined, specs = two): string[] {
  const known = new Map(before === undefined ? [] : [["articles", before]]);
  return inheritNames(specs, known).map(({ instance }) => instance);
}

test("names are counted from one, and those that are taken are left out", () => {
  assert.deepEqual(freeNames("a", ["a-1", "a-3", "b-2"], 3), ["a-2", "a-4", "a-5"]);
  assert.deepEqual(freeNames("a", [], 0), []);
});

const cases: readonly [what: string, before: Before | undefined, names: string[]][] = [
  ["without anything from before names are as they are written", undefined, ["articles-1", "articles-2"]],
  ["what a release is called goes on", { names: ["articles-3", "articles-4"] }, ["articles-3", "articles-4"]],
  ["one that died while nobody watched is named again", { names: ["articles-2"] }, ["articles-2", "articles-1"]],
  ["a unit that was scaled stays so", { names: ["articles-1"], count: 3 }, ["articles-1", "articles-2", "articles-3"]],
  [
    "no more go on than there are to be",
    { names: ["articles-1", "articles-2", "articles-3"] },
    ["articles-1", "articles-2"],
  ],
];
for (const [what, before, names] of cases) test(what, () => assert.deepEqual(named(before), names));

test("a unit that cannot run twice keeps its name", () => {
  const alone = [specOf("serve", { overlap: false })];
  assert.deepEqual(named({ names: ["articles-7"], count: 2 }, alone), ["articles-1"]);
});

test("each keeps the spec that is its own, and the others are copies of the first", () => {
  const specs = [two[0]!, { ...two[1]!, revision: "own" }];
  const more = inheritNames(specs, new Map([["articles", { names: ["articles-2"], count: 3 }]]));
  assert.deepEqual(
    more.map(({ instance, revision }) => [instance, revision]),
    [
      ["articles-2", "own"],
      ["articles-1", undefined],
      ["articles-3", undefined],
    ],
  );
});
