/**
 * The provider that notices go out through. It stands for any mail or push service: a call to somewhere else, which fails now
 * and then and cannot be undone. It takes a key with each notice and sends those with the same key once, as good ones do.
 */
import type { Random } from "@cantle/core";
import { CantleError } from "@cantle/core";

/** What is to be sent. */
export interface Outgoing {
  readonly key: string;
  readonly to: string;
  readonly text: string;
}

/** Sends a notice, or fails as often as `failureShare` says: 0 never, 1 always. */
export async function send(_notice: Outgoing, { random, failureShare }: { random: Random; failureShare: number }) {
  if (random.next() < failureShare)
    throw new CantleError("UNREACHABLE", "the provider of notices did not answer this time");
}
