/** Times that only go forward. */
import type { Clock } from "@cantle/core";

/** Now, or a millisecond after `before` where the clock does not say later than that: in the same ms, or set back. */
export function later(clock: Clock, before: string): string {
  return new Date(Math.max(clock.wallMs(), Date.parse(before) + 1)).toISOString();
}
