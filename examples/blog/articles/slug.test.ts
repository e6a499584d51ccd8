import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@cantle/core";
import fc from "fast-check";
import { distinctSlug, slugOf } from "./slug.ts";

const shape = /^[a-z0-9]+(-[a-z0-9]+)*$/;

test("a slug is the title in small letters with dashes", () => {
  const slugs: Record<string, string> = {
    "How to train your dragon": "how-to-train-your-dragon",
    "  Hello,   World!! ": "hello-world",
    "C++ & Rust: 2 ways": "c-rust-2-ways",
    "Don't panic": "dont-panic",
    "Don’t panic": "dont-panic",
    "Žluťoučký kůň": "zlutoucky-kun",
    "Straße nach Łódź": "strasse-nach-lodz",
    Ærøskøbing: "aeroskobing",
    "ﬁne ①": "fine-1",
    "日本語 guide": "guide",
  };
  for (const [title, slug] of Object.entries(slugs)) assert.equal(slugOf(title), slug, title);
});

test("a title without a Latin letter still has a slug", () => {
  for (const title of ["日本語", "Привет", "🐉🐉", "!!!", "---"]) assert.equal(slugOf(title), "article", title);
});

test("no title is called like the feed", () => {
  for (const title of ["Feed", "feed", " FEED! ", "fêed"]) assert.equal(slugOf(title), "feed-1", title);
});

test("a long title makes a bounded slug without a dangling dash", () => {
  const slug = slugOf("ab ".repeat(100));
  assert.ok(slug.length <= 80);
  assert.match(slug, shape);
});

test("whatever the title, its slug has the shape of one, and namesakes differ", () => {
  const random = seededRandom(7);
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (title) => {
      assert.match(slugOf(title), shape);
      assert.equal(slugOf(title), slugOf(title));
      const [one, two] = [distinctSlug(title, random), distinctSlug(title, random)];
      assert.match(one, shape);
      assert.notEqual(one, two);
    }),
    { numRuns: 300 },
  );
});
