/**
 * For tests: a process with one consumer, which can be stopped and continued. It says what it was given, and ends what it has when
 * it is told to: `node test-worker.ts URL queue|topic LEASE_MS`; lines in are `ack` and `say WORD`, lines out JSON.
 */
import { createInterface } from "node:readline";
import { isCantleError, systemClock, systemRandom } from "@cantle/core";
import type { Delivery } from "@cantle/messaging";
import { silentLogger } from "@cantle/telemetry";
import { nats } from "./engine.ts";

const [url = "", kind = "", leaseText = ""] = process.argv.slice(2);
const tell = (word: string, more: object = {}) => process.stdout.write(`${JSON.stringify({ word, ...more })}\n`);

const broker = await nats.open({ url, clock: systemClock, random: systemRandom(), log: silentLogger });
let inHand: Delivery | undefined;
const options = {
  inFlightMax: 1,
  leaseMs: Number(leaseText),
  onDelivery: (delivery: Delivery) => {
    inHand = delivery;
    tell("taken", { id: delivery.message.id, attempt: delivery.attempt });
  },
};
if (kind === "queue") await broker.queue?.consume("shop.notices", options);
else await broker.log.consume("shop.sold", "notices", { ...options, from: { kind: "first" } });
tell("ready");

for await (const line of createInterface({ input: process.stdin })) {
  const [order, word = ""] = line.split(" ");
  if (order === "say") tell(word);
  else
    try {
      await inHand?.ack();
      tell("acked");
    } catch (error) {
      tell("refused", { code: isCantleError(error) ? error.code : String(error) });
    }
}
