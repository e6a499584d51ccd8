/**
 * Places in a topic of several partitions. A partition has an order of its own; across partitions it is that of the moments at
 * which the records were stored, so a position names all three: `moment-partition-offset`.
 */
import { CantleError } from "@cantle/core";

/** A place. */
export interface Position {
  readonly timestampMs: number;
  readonly partition: number;
  readonly offset: bigint;
}

/** A position as others keep it. */
export function positionText({ timestampMs, partition, offset }: Position): string {
  return `${timestampMs}-${partition}-${offset}`;
}

/** Reads a position. Throws `INPUT_INVALID`. */
export function positionOf(text: string): Position {
  const [, timestamp, partition, offset] = /^(\d{1,15})-(\d{1,9})-(\d{1,18})$/.exec(text) ?? [];
  if (offset === undefined) throw new CantleError("INPUT_INVALID", "this is not a position in a topic");
  return { timestampMs: Number(timestamp), partition: Number(partition), offset: BigInt(offset) };
}

/** The order of positions: negative when `one` comes first. */
export function comparePositions(one: Position, other: Position): number {
  return one.timestampMs - other.timestampMs || one.partition - other.partition || Number(one.offset - other.offset);
}

/** A moment, wall ms. Throws `INPUT_INVALID`. */
export function momentOf(time: string): number {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw new CantleError("INPUT_INVALID", "this is not a moment as RFC 3339 writes it");
  return ms;
}
