/** What becomes of a message whose handling failed: a pure decision. */
import type { CantleError, Code, Random } from "@cantle/core";
import type { BackOff, ConsumerPolicy } from "./consumer-policy.ts";
import type { AttemptFailure } from "./delivery.ts";

/** What to do with it. */
export type ConsumerVerdict =
  /** Again after a while; counted. */
  | { readonly kind: "nack"; readonly delayMs: number }
  | { readonly kind: "bury" }
  /** It was not begun: this process had no room. Back after a while; not counted. */
  | { readonly kind: "release"; readonly delayMs: number };

/** The same message would fail the same way for ever. */
const hopeless: ReadonlySet<Code> = new Set<Code>([
  "INPUT_INVALID",
  "BODY_MALFORMED",
  "BODY_TOO_LARGE",
  "MESSAGE_INVALID",
  "MESSAGE_TOO_LARGE",
  "CONTRACT_INVALID",
]);

/** Refused at the door of this very process; what a handler calls never fails with these (`declared` in mesh sees to that). */
const notBegun: ReadonlySet<Code> = new Set<Code>(["OVERLOADED", "DRAINING"]);

/** What becomes of it after its `attempt`th failure. */
export function verdictOf(
  { code }: Pick<CantleError, "code">,
  attempt: number,
  { policy, random }: { readonly policy: ConsumerPolicy; readonly random: Random },
): ConsumerVerdict {
  if (notBegun.has(code)) return { kind: "release", delayMs: backOffMs(policy.backOff, 1, random) };
  if (hopeless.has(code) || attempt >= policy.deliveriesMax) return { kind: "bury" };
  return { kind: "nack", delayMs: backOffMs(policy.backOff, attempt, random) };
}

/** The pause after so many failures in a row: doubled each time, with full jitter, so that what failed together does not come back together. */
export function backOffMs({ firstMs, maxMs }: BackOff, failures: number, random: Random): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 40)) * random.next();
}

/** How many deliveries make a killer: one may have been a restart, a second a coincidence. */
const suspectAttempts = 3;

/** True for a message that may have killed those who had it: it is handled with nothing beside it, so that it takes no neighbours along. */
export function isSuspect(attempt: number, failures: readonly AttemptFailure[]): boolean {
  return attempt >= suspectAttempts && failures.at(-1)?.code === "CONSUMER_GONE";
}
