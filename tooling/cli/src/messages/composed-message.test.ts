import assert from "node:assert/strict";
import { test } from "node:test";
import type { Channel } from "@cantle/contract";
import { seededRandom, virtualClock } from "@cantle/core";
import { type Composing, composeMessage, declaredIn } from "./composed-message.ts";
import { press } from "./fixture.ts";

const host = { clock: virtualClock(Date.UTC(2026, 0, 1)), random: seededRandom(1) };
const topic: Channel = { kind: "topic", name: "articles.published" };
const queue: Channel = { kind: "queue", name: "notices.notice" };

async function compose(channel: Channel, composing: Composing) {
  const message = await composeMessage(await declaredIn(press, channel), composing, host);
  return { ...message, data: JSON.parse(new TextDecoder().decode(message.data)) };
}

test("an event is as its service would publish it: checked, stripped, with the key of the contract", async () => {
  const message = await compose(topic, { data: { id: 1, author: "ann", more: true } });
  assert.deepEqual(
    [message.data, message.key, message.time],
    [{ id: 1, author: "ann" }, "ann", "2026-01-01T00:00:00.000Z"],
  );
  assert.match(message.id, /^[0-9a-f]{32}$/);
  const { id, key } = await compose(topic, { data: { id: 1, author: "ann" }, id: "mine", key: "bob" });
  assert.deepEqual([id, key], ["mine", "bob"]);
});

test("work gets the defaults of its contract, and may be sent for later", async () => {
  const message = await compose(queue, { data: { to: "ann" }, delayMs: 5_000, priority: "high" });
  assert.deepEqual(message.data, { to: "ann", text: "hello" });
  assert.deepEqual([message.notBefore, message.priority, message.key], ["2026-01-01T00:00:05.000Z", "high", undefined]);
});

test("data that does not fit is refused with the paths", async () => {
  await assert.rejects(compose(topic, { data: { id: "1" } }), {
    code: "MESSAGE_INVALID",
    notes: /id: .*author: /,
  });
});

test("without a contract anything can be composed", async () => {
  const message = await composeMessage({ kind: "topic", name: "x.y" }, { data: [1], key: "k" }, host);
  assert.deepEqual([message.key, new TextDecoder().decode(message.data)], ["k", "[1]"]);
});

test("a channel that no contract declares is refused with what was meant", async () => {
  const unknown = (kind: Channel["kind"], name: string) => declaredIn(press, { kind, name });
  await assert.rejects(unknown("topic", "articles.publishd"), { help: "did you mean 'articles.published'?" });
  await assert.rejects(unknown("queue", "articles.published"), { help: "'articles' declares none" });
  await assert.rejects(unknown("topic", "article.published"), {
    code: "SERVICE_UNKNOWN",
    help: "did you mean 'articles'?",
  });
  for (const name of ["articles", "a.b.c", ""])
    await assert.rejects(unknown("topic", name), { code: "CHANNEL_UNKNOWN" }, name);
});
