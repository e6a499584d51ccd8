/**
 * What a call costs the event loop, in ms of it: while the loop is late, what it has worked for is calls, and what has ended meanwhile
 * says for how many. The machine's other work is not in it.
 *
 * One late tick may be a stall, in which little ended: two in a row count, with the lesser of their figures. While the loop is on time
 * nothing can be learned, and what is known is forgotten in some seconds.
 */
import type { LoopTick } from "./loop-limit.ts";

/** A tick that is later than this was kept waiting by work, ms. */
const busyMs = 10;
/** What is left of it after a tick that taught nothing: half after 3.5 s. */
const remembered = 0.99;

/** What is known of it. */
export interface CallCost {
  /** 0 while nothing is known. */
  readonly costMs: number;
  /** What the last tick alone says; `Infinity` when that is nothing. */
  readonly lastMs: number;
}

/** Nothing is known. */
export const unknownCallCost: CallCost = { costMs: 0, lastMs: Number.POSITIVE_INFINITY };

/** What is known after a tick. */
export function nextCallCost({ costMs, lastMs }: CallCost, tick: LoopTick): CallCost {
  const nowMs = tick.lateMs > busyMs && tick.ended > 0 ? tick.workedMs / tick.ended : Number.POSITIVE_INFINITY;
  const isKnown = nowMs < Number.POSITIVE_INFINITY && lastMs < Number.POSITIVE_INFINITY;
  return { costMs: isKnown ? Math.min(nowMs, lastMs) : costMs * remembered, lastMs: nowMs };
}
