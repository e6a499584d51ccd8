/**
 * Whose fault a failure is, once for all that ask: the breaker, ejection, fallbacks, the balancer.
 *
 * What HTTP would answer with a 5xx is the target's fault, whatever its handler threw undeclared (`INTERNAL`) and output that
 * does not fit its contract (`OUTPUT_INVALID`) included: so count resilience4j, for its breaker (every exception, by default), and
 * Envoy, for its ejection (`consecutive_5xx`). What the caller did wrong and what the contract declares, with whatever status, is
 * an answer like any other: no breaker opens for it, no endpoint is left out, no fallback is given.
 */
import { type Code, isCantleError } from "@cantle/core";

/** The call never came through, or its connection broke. */
const unconnected: ReadonlySet<Code> = new Set<Code>(["CONNECT_FAILED", "UNREACHABLE", "DRAINING"]);
/** What a target that is well does not answer. */
const unwell: ReadonlySet<Code> = new Set<Code>([
  "INTERNAL",
  "OUTPUT_INVALID",
  "REPLY_MALFORMED",
  "REPLY_TOO_LARGE",
  "UNAVAILABLE",
  "DEADLINE_EXCEEDED",
  "WIRE_VERSION",
  "FRAME_INVALID",
  "MESSAGE_INVALID",
  "BROKER_FULL",
  "BROKER_UNAVAILABLE",
  "CONSUMER_GONE",
]);

/** What an error says of the one who was called. */
export type Verdict =
  /** Nothing: the answer is the caller's affair, and the target is well. */
  | "well"
  /** There is no telling: the caller went away. */
  | "unknown"
  /** It sheds: it is there and has too much to do. */
  | "shedding"
  | "unconnected"
  | "unwell";

/** Judges a failure. */
export function verdictOf(error: unknown): Verdict {
  const code = isCantleError(error) ? error.code : "INTERNAL";
  if (unwell.has(code)) return "unwell";
  if (unconnected.has(code)) return "unconnected";
  if (code === "OVERLOADED") return "shedding";
  return code === "CANCELLED" ? "unknown" : "well";
}

/** True where the target did not do what it was asked, by no fault of the caller's. */
export function isFault(error: unknown): boolean {
  const verdict = verdictOf(error);
  return verdict !== "well" && verdict !== "unknown";
}
