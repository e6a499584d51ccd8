import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkChannelName, checkGroupName } from "./channel-name.ts";
import { message } from "./conformance/subject.ts";
import { checkMessages } from "./message-check.ts";

describe("what every engine asks before it stores", () => {
  test("takes messages that are whole", () => {
    checkMessages([message("a"), message("x".repeat(255), { key: "k".repeat(255), data: new Uint8Array(10) })], 10);
    checkMessages([], 0);
  });

  test("refuses ids, keys and data past their bounds, wherever in the batch they are", () => {
    const invalid = { code: "MESSAGE_INVALID" };
    for (const id of ["", " ", "a b", "a\n", "\u007f", "ü", "x".repeat(256)])
      assert.throws(() => checkMessages([message("a"), message(id)], 100), invalid, JSON.stringify(id));
    assert.throws(() => checkMessages([message("a", { key: "k".repeat(256) })], 100), invalid);
    const large = message("a", { data: new Uint8Array(11) });
    assert.throws(() => checkMessages([large], 10), { code: "MESSAGE_TOO_LARGE" });
  });

  test("refuses moments that are none", () => {
    for (const notBefore of ["soon", "", "2026-13-01T00:00:00Z"])
      assert.throws(() => checkMessages([message("a", { notBefore })], 100), { code: "MESSAGE_INVALID" });
  });
});

test("the name of a channel is that of its service, a dot and its own; that of a group is a service's", () => {
  for (const name of ["articles.published", "a.b", "notices.at-night", `${"a".repeat(100)}.${"b".repeat(100)}`])
    checkChannelName(name);
  for (const name of [
    "",
    "a",
    "a.",
    ".a",
    "a.b.c",
    "../x",
    "a.*",
    "a.>",
    "a/b.c",
    "a.b ",
    "a.b\n",
    "1a.b",
    "a.1b",
    `a.${"b".repeat(101)}`,
  ])
    assert.throws(() => checkChannelName(name), { code: "CHANNEL_UNKNOWN" }, JSON.stringify(name));
  checkGroupName("articles");
  for (const name of ["", "a.b", "*", "a b", "../a"])
    assert.throws(() => checkGroupName(name), { code: "CHANNEL_UNKNOWN" }, JSON.stringify(name));
});
