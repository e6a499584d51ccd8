/**
 * What may be repeated is, at most `retriesMax` times: calls whose handler was certainly not entered, and idempotent calls.
 * Only failures that arose on this hop are; a reply that says a hop below has already retried is final, so that tiers do
 * not multiply. Waits between attempts grow and are fully jittered (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/).
 */
import { type Call, CantleError, codes, delay, type ErrorDetails, isCantleError, type Reply } from "@cantle/core";
import type { Layer } from "../layer.ts";

/** The first wait is at most this; each further one may be twice as long. */
const backoffMs = 10;

/** Repeats what may be repeated. */
export const retried: Layer = ({ operation, policy: { retriesMax }, host: { clock, random } }) => {
  if (retriesMax === 0 || operation.shape === "upload") return undefined;
  return (next) => {
    async function again(call: Call, first: unknown): Promise<Reply> {
      let error = first;
      for (let attempt = 1; attempt <= retriesMax && mayRepeat(error, call); attempt++) {
        await delay(clock, random.next() * backoffMs * 2 ** (attempt - 1));
        if (call.cancelled !== undefined) throw call.cancelled;
        try {
          return { ...(await next(call)), retried: true };
        } catch (next) {
          error = next;
        }
      }
      throw error === first ? error : asRetried(error);
    }
    return (call) => next(call).catch((error) => (mayRepeat(error, call) ? again(call, error) : Promise.reject(error)));
  };
};

function mayRepeat(error: unknown, { operation }: Call): boolean {
  if (!isCantleError(error) || error.retried) return false;
  const { retry } = codes[error.code];
  return retry === "safe" || (retry === "idempotent" && operation.idempotent);
}

function asRetried(error: unknown): unknown {
  if (!isCantleError(error)) return error;
  const { code, message, cause, help, notes, retryAfterSeconds } = error;
  const details: ErrorDetails = {
    retried: true,
    cause,
    ...(help !== undefined && { help }),
    ...(notes !== undefined && { notes }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
  return new CantleError(code, message, details);
}
