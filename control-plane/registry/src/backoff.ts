/** How long to wait after a failure. Full jitter: what was cut off together does not come back together. */
import type { Random } from "@cantle/core";

const baseMs = 100;
/** Less than half of a lease, so that whoever waits longest is still back within one lease of the registry's return. */
const waitMsMax = 1_200;

/** A wait that doubles with each failure in a row, at random between a quarter of it and all of it. */
export function backoffMs(failures: number, random: Random): number {
  const ceiling = Math.min(waitMsMax, baseMs * 2 ** Math.min(failures - 1, 10));
  return ceiling * (0.25 + 0.75 * random.next());
}
