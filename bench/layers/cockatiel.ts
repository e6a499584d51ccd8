/** cockatiel: retry around breaker around bulkhead around time-out. */
import {
  bulkhead,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from "cockatiel";
import { driver } from "../harness/drive.ts";
import type { Part } from "../harness/part.ts";
import { answer } from "./bare.ts";

/** Calls through it. */
export async function start(): Promise<Part> {
  const policy = wrap(
    retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
    circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
    bulkhead(1_000, 0),
    timeout(10_000, TimeoutStrategy.Cooperative),
  );
  return { drive: driver(() => policy.execute(answer)), stop() {} };
}
