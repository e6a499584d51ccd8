/**
 * What may be repeated is, at most `retriesMax` times and within the target's budget: calls whose handler was certainly not
 * entered, idempotent calls, and calls with an idempotency key where every endpoint keeps keys with their effects.
 *
 * - Only failures that arose on this hop are; a reply that says a hop below has already retried is final, and so is one that
 *   the budget has no retry left for. That way tiers do not multiply.
 * - Waits between attempts grow and are fully jittered (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/).
 * - `Retry-After` is about the endpoint that said it: another one is tried at once, and only where there is none it is waited
 *   for, with jitter on top, so that those who were told the same do not come back together. Where the deadline comes first,
 *   the failure is the answer.
 */
import {
  type Call,
  CantleError,
  type Code,
  codes,
  type ErrorDetails,
  isCantleError,
  type Random,
  type Reply,
} from "@cantle/core";
import type { Layer } from "../layer.ts";
import type { OutboundHost } from "../outbound-host.ts";
import { pause } from "../pause.ts";
import { poolOf } from "../pool.ts";

/** The first wait is at most this; each further one may be twice as long. */
const backoffMs = 10;
/** Failures that were no load for anybody, and after which the endpoint is not called again: they cost no budget. */
const neverSent: ReadonlySet<Code> = new Set<Code>(["CONNECT_FAILED", "DRAINING"]);

/** Repeats what may be repeated. */
export const retried: Layer<OutboundHost> = ({ operation, policy: { retriesMax, retryBudget }, host }) => {
  if (retriesMax === 0 || operation.shape === "upload") return undefined;
  const { clock, random } = host;
  const pool = poolOf(operation.service, host);
  /** The view is looked at when something failed, so that calls that go well pay nothing for it. */
  const isRemembered = ({ idempotencyKey }: Call) =>
    idempotencyKey !== undefined && host.resolver.view(operation.service).endpoints.every(({ keepsKeys }) => keepsKeys);
  const mayRepeat = (error: unknown, call: Call): error is CantleError => {
    if (!isCantleError(error) || error.retried || call.cancelled !== undefined) return false;
    const { retry } = codes[error.code];
    return retry === "safe" || (retry === "idempotent" && (operation.idempotent || isRemembered(call)));
  };
  return (next) => {
    async function again(call: Call, first: CantleError): Promise<Reply> {
      let error: unknown = first;
      for (let attempt = 1; attempt <= retriesMax && mayRepeat(error, call); attempt++) {
        const waitMs = pool.hasOther(call)
          ? backoff(attempt, random)
          : (askedMs(error, random) ?? backoff(attempt, random));
        const nowMs = clock.nowMs();
        if (nowMs + waitMs >= call.deadlineMs) break;
        if (!neverSent.has(error.code) && !pool.retries.take(retryBudget, nowMs)) break;
        await pause(clock, waitMs, call);
        if (call.cancelled !== undefined) throw call.cancelled;
        call.atMs = clock.nowMs();
        try {
          return { ...(await next(call)), retried: true };
        } catch (next) {
          error = next;
        }
      }
      throw asRetried(error);
    }
    return (call) =>
      next(call).then(undefined, (error) => (mayRepeat(error, call) ? again(call, error) : Promise.reject(error)));
  };
};

function backoff(attempt: number, random: Random): number {
  return random.next() * backoffMs * 2 ** (attempt - 1);
}

/** How long the endpoint asked to be left alone, and up to half as long again. */
function askedMs({ retryAfterSeconds }: CantleError, random: Random): number | undefined {
  return retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1_000 * (1 + random.next() / 2);
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
