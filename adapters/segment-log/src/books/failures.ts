/** Failures of attempts, as they are kept. */
import { type AttemptFailure, failuresMax, keptFailure } from "@cantle/messaging";

/** What became of a message whose consumer said nothing. */
export function goneFailure(wallMs: number): AttemptFailure {
  return {
    code: "CONSUMER_GONE",
    message: "whoever had the message ended, or let its lease run out",
    at: new Date(wallMs).toISOString(),
  };
}

/** The failures of a message, with one more. */
export function withFailure(failures: readonly AttemptFailure[], failure: AttemptFailure): readonly AttemptFailure[] {
  return [...failures, keptFailure(failure)].slice(-failuresMax);
}
