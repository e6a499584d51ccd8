/** Messages for a while, end to end: published durably, taken, and acked durably. A turn ends when everything is acked. */
import { setTimeout as delay } from "node:timers/promises";
import type { Driven } from "../harness/part.ts";

/** How to drive. */
export interface BrokerOrder {
  readonly ms: number;
  /** Publishers at once; each waits until what it published is acknowledged. */
  readonly publishers: number;
  /** Messages that a publisher publishes at once. */
  readonly batch: number;
}

/** A broker with a consumer. */
export interface Driver {
  /** Publishes so many; resolves when they are acknowledged. */
  publish(count: number): Promise<unknown>;
  /** How many acks are confirmed so far. */
  acked(): number;
}

/** The data of every message: JSON of 200 bytes. */
export const data = Buffer.from(JSON.stringify({ text: "m".repeat(189) }));

/** The way to drive it. */
export function brokerDriver({ publish, acked }: Driver): (order: BrokerOrder) => Promise<Driven> {
  return async ({ ms, publishers, batch }) => {
    const before = acked();
    const startMs = performance.now();
    let published = 0;
    async function work(): Promise<void> {
      while (performance.now() - startMs < ms) {
        published += batch;
        await publish(batch);
      }
    }
    await Promise.all(Array.from({ length: publishers }, work));
    while (acked() - before < published) await delay(1);
    return { calls: published, failed: 0, elapsedMs: performance.now() - startMs };
  };
}
