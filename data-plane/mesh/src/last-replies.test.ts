/** What is kept of replies, and which of them goes first. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LastReplies } from "./last-replies.ts";

const value = (value: unknown) => ({ kind: "value", value }) as const;
const keptOf = (replies: LastReplies, keys: string) => [...keys].filter((key) => replies.find(key, 0)).join("");

test("no more are kept than may be, and the one kept longest without being renewed goes first", () => {
  const replies = new LastReplies({ ageMsMax: 1_000, entriesMax: 3 });
  for (const key of "abcab") replies.keep(key, value(key), 0);
  replies.keep("d", value("d"), 0);
  assert.equal(keptOf(replies, "abcd"), "abd");
  // What was renewed before the last time somebody had to go is no reason to stay for ever.
  replies.keep("e", value("e"), 0);
  assert.equal(keptOf(replies, "abcde"), "bde");
});

test("when all were renewed the one kept longest goes", () => {
  const replies = new LastReplies({ ageMsMax: 1_000, entriesMax: 3 });
  for (const key of "abcabcd") replies.keep(key, value(key), 0);
  assert.equal(keptOf(replies, "abcd"), "bcd");
});

test("a reply takes the place of the one before it, with its own time", () => {
  const replies = new LastReplies({ ageMsMax: 100, entriesMax: 3 });
  replies.keep("a", value(1), 0);
  replies.keep("a", value(2), 90);
  assert.deepEqual(replies.find("a", 190), value(2));
  assert.equal(replies.find("a", 191), undefined);
});

test("what can be read only once is not kept", () => {
  const replies = new LastReplies({ ageMsMax: 100, entriesMax: 3 });
  replies.keep("a", { kind: "items", items: (async function* () {})() }, 0);
  assert.equal(replies.find("a", 0), undefined);
});
