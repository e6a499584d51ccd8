/** When to kill: random moments, the same ones for the same seed. `CANTLE_SEED` chooses it; what it was is in the notes of each contest. */
import { seededRandom } from "@cantle/core";

/** The seed of this run. */
export const seed = Number(process.env["CANTLE_SEED"] ?? Date.now() % 1_000_000);

/** Moments between two bounds, ms. */
export function moments(minMs: number, maxMs: number): () => number {
  const random = seededRandom(seed);
  return () => minMs + random.next() * (maxMs - minMs);
}
