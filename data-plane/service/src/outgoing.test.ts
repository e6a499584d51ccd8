/** What of a message is refused before it goes anywhere: here whoever sends it can still be told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { contract, type Message, post, queue, type SendOptions } from "@cantle/contract";
import { Call, type Code, newTrace, seededRandom, virtualClock } from "@cantle/core";
import { z } from "zod";
import { outgoingMaker } from "./outgoing.ts";

const mail = contract("mail", {
  version: "1.0.0",
  operations: { write: post("/letters", { access: "public" }) },
  queues: { letter: queue(z.object({ text: z.string() })) },
});
const random = seededRandom(1);

async function send(text: string, options?: unknown): Promise<Message> {
  const host = { clock: virtualClock(), random, publisher: { messageBytesMax: 20 } };
  const call = new Call(mail.operations.write, {
    payload: { kind: "value", value: undefined },
    peer: { service: "gateway", uses: "*" },
    trace: newTrace(random),
    deadlineMs: Number.POSITIVE_INFINITY,
  });
  let sent: Message | undefined;
  const outgoing = outgoingMaker(
    mail,
    new Set(),
    host,
  )(call, async (_channel, message) => {
    sent = message;
  });
  await outgoing.send(mail.queues.letter, { text }, options as SendOptions);
  return sent!;
}

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
    await assert.rejects(send("a", options), { code: "MESSAGE_INVALID" satisfies Code }, JSON.stringify(options));
  const { id, priority, notBefore } = await send("a", { id: "b", delayMs: 1.5, priority: "low" });
  assert.deepEqual([id, priority, typeof notBefore], ["b", "low", "string"]);
});

test("data of one byte more than the broker takes is refused, with both numbers", async () => {
  assert.equal((await send("123456789")).data.byteLength, 20);
  await assert.rejects(send("1234567890"), {
    code: "MESSAGE_TOO_LARGE" satisfies Code,
    message: "a message for 'mail.letter' has 21 bytes, and 20 are the most",
    help: /BROKER_MESSAGE_BYTES_MAX/,
  });
});
