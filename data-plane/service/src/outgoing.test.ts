/** What of a message is refused before it goes anywhere: here whoever sends it can still be told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { contract, event, type Message, post, queue, type SendOptions } from "@cantle/contract";
import { Call, type Code, newTrace, seededRandom, virtualClock } from "@cantle/core";
import { z } from "zod";
import { type OutgoingOf, outgoingMaker } from "./outgoing.ts";

const mail = contract("mail", {
  version: "1.0.0",
  operations: { write: post("/letters", { access: "public" }) },
  events: { read: event(z.object({ by: z.string() }), { key: "by" }) },
  queues: { letter: queue(z.object({ text: z.string() })) },
});
const random = seededRandom(1);

/** The message that comes of it. */
async function sent(send: (outgoing: OutgoingOf) => Promise<void>): Promise<Message> {
  const host = { clock: virtualClock(), random, publisher: { messageBytesMax: 1_000 } };
  const call = new Call(mail.operations.write, {
    payload: { kind: "value", value: undefined },
    peer: { service: "gateway", uses: "*" },
    trace: newTrace(random),
    deadlineMs: Number.POSITIVE_INFINITY,
  });
  const messages: Message[] = [];
  await send(outgoingMaker(mail, new Set(), host)(call, async (_channel, message) => void messages.push(message)));
  assert.equal(messages.length, 1);
  return messages[0] as Message;
}

const letter = (text: string, options?: unknown): Promise<Message> =>
  sent((outgoing) => outgoing.send(mail.queues.letter, { text }, options as SendOptions));

const read = (by: string): Promise<Message> =>
  sent(({ events }) => (events as Record<"read", (data: object) => Promise<void>>).read({ by }));

test("options that are no such thing are refused, whatever they are, and not stored", async () => {
  const wrong: readonly object[] = [
    { id: "" },
    { id: "a b" },
    { id: 5 },
    { id: null },
    { delayMs: -1 },
    { delayMs: "5" },
    { delayMs: Number.NaN },
    { delayMs: Number.POSITIVE_INFINITY },
    { priority: "urgent" },
    { priority: "__proto__" },
    { priority: 1 },
  ];
  for (const options of wrong)
    await assert.rejects(letter("a", options), { code: "MESSAGE_INVALID" satisfies Code }, JSON.stringify(options));
  const { id, priority, notBefore } = await letter("a", { id: "b", delayMs: 1.5, priority: "low" });
  assert.deepEqual([id, priority, typeof notBefore], ["b", "low", "string"]);
});

test("data of one byte more than the broker takes is refused, with both numbers", async () => {
  const text = "x".repeat(1_000 - '{"text":""}'.length);
  assert.equal((await letter(text)).data.byteLength, 1_000);
  await assert.rejects(letter(`${text}x`), {
    code: "MESSAGE_TOO_LARGE" satisfies Code,
    message: "a message for 'mail.letter' has 1001 bytes, and 1000 are the most",
    help: /BROKER_MESSAGE_BYTES_MAX/,
  });
});

test("a key with half a character is mended: in an outbox it would be refused by some brokers for ever", async () => {
  assert.equal((await read("a\ud800")).key, "a\ufffd");
  assert.equal((await read("\u{1f600}\n")).key, "\u{1f600}\n");
  await assert.rejects(read("x".repeat(256)), { code: "MESSAGE_INVALID" satisfies Code });
});
