/** What stands in for a reply that did not come, as a policy says it. */
import type { CantleError } from "@cantle/core";

/** What a fallback is made from. */
export type Fallback =
  | { readonly value: unknown }
  | { readonly make: (input: unknown, failure: CantleError) => unknown }
  /** The last good reply to the same input for the same user; default at most a minute old, of the last 1,000. */
  | { readonly last: true; readonly ageMsMax?: number; readonly entriesMax?: number };
