/** Positions and moments as they come from outside. */
import { CantleError } from "@cantle/core";

/** The sequence of a position; at least 1. Throws `INPUT_INVALID`. */
export function positionOf(position: string): number {
  if (!/^\d{1,15}$/.test(position)) throw new CantleError("INPUT_INVALID", "this is not a position in a topic");
  return Math.max(1, Number(position));
}

/** A moment as the server takes it. Throws `INPUT_INVALID`. */
export function timeOf(time: string): string {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw new CantleError("INPUT_INVALID", "this is not a moment as RFC 3339 writes it");
  return new Date(ms).toISOString();
}
