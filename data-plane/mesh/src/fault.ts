/** Faults on purpose, as a policy says them. */
import type { Code } from "@cantle/core";

/** What happens to a share of the attempts. */
export interface Fault {
  /** Only to calls whose baggage has all of this. */
  readonly when?: Readonly<Record<string, string>>;
  /** Which share of them, 0 to 1. */
  readonly ratio: number;
  /** They are this much later. */
  readonly delayMs?: number;
  /** They fail with this code. */
  readonly abort?: Code;
}
