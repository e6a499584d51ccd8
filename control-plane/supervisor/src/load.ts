/**
 * What an instance says of its load, once a second. Counters only grow, from the start of its process; whoever wants a rate
 * takes the difference of two reports, so that a lost report loses nothing. A smaller counter means another process.
 *
 * Latencies are counted in fixed buckets, four to a doubling (each bound is 19 % above the one before), so that reports of
 * many instances can be added and compared bucket by bucket.
 */

/** The load of one process. */
export interface LoadReport {
  /** When it was taken, ms of the process's own monotonic clock. */
  readonly takenMs: number;
  /** Calls that came in through its doors and have no reply yet, the mean since the last report. Not a counter. */
  readonly inFlight: number;
  /** Calls that ended, however they did. */
  readonly calls: number;
  /** Those of them that failed by the fault of this instance or of something below it. */
  readonly failedCalls: number;
  /** How many of them took how long, by bucket. Of a busy instance a sample: the shares hold, the sum is less than `calls`. */
  readonly latencies: readonly number[];
  /** Processor time used, of all threads, ms. */
  readonly cpuMs: number;
  /** How long the event loop was busy, ms. */
  readonly loopBusyMs: number;
  /** How long it had nothing to do, ms. */
  readonly loopIdleMs: number;
  /** Resident memory. Not a counter. */
  readonly memoryBytes: number;
}

/** What a program counts itself; the rest of the report is about its process. */
export type CallCounts = Pick<LoadReport, "inFlight" | "calls" | "failedCalls" | "latencies">;

/** How many buckets there are. */
export const latencyBuckets = 80;
/** The bound of the first bucket, ms: 1/16. */
const firstBoundMs = 2 ** -4;
const bucketsPerDoubling = 4;

/** The bucket of a latency; the first takes all below 1/16 ms, the last all above 46 s. */
export function latencyBucketOf(ms: number): number {
  if (!(ms > firstBoundMs)) return 0;
  return Math.min(latencyBuckets - 1, Math.ceil(bucketsPerDoubling * Math.log2(ms / firstBoundMs)));
}

/** The upper bound of a bucket, ms; of the last one `Infinity`. */
export function latencyBoundMs(bucket: number): number {
  return bucket >= latencyBuckets - 1 ? Number.POSITIVE_INFINITY : firstBoundMs * 2 ** (bucket / bucketsPerDoubling);
}

/** A report as it arrived, or undefined for anything that is not one: a number that is negative, missing or none, a wrong list. */
export function readLoadReport(value: unknown): LoadReport | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { takenMs, inFlight, calls, failedCalls, latencies, cpuMs, loopBusyMs, loopIdleMs, memoryBytes } =
    value as LoadReport;
  const numbers = { takenMs, inFlight, calls, failedCalls, cpuMs, loopBusyMs, loopIdleMs, memoryBytes };
  if (!Object.values(numbers).every(isAmount)) return undefined;
  if (!Array.isArray(latencies) || latencies.length !== latencyBuckets || !latencies.every(isAmount)) return undefined;
  return failedCalls > calls ? undefined : { ...numbers, latencies: [...latencies] };
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

/** What the time between two reports was like. */
export interface LoadRates {
  readonly inFlight: number;
  readonly callsPerSecond: number;
  readonly failedPerSecond: number;
  /** Processors used: 1 is one of them all the time. */
  readonly cpuCores: number;
  /** The share of time in which the event loop was busy, 0 to 1. */
  readonly loopUtilisation: number;
  readonly memoryBytes: number;
}

/** The rates between two reports of one process; undefined where the second is not a later one of the same process. */
export function ratesBetween(before: LoadReport, after: LoadReport): LoadRates | undefined {
  const ms = after.takenMs - before.takenMs;
  const grown = (counter: "calls" | "failedCalls" | "cpuMs" | "loopBusyMs" | "loopIdleMs") =>
    after[counter] - before[counter];
  const loopMs = grown("loopBusyMs") + grown("loopIdleMs");
  if (!(ms > 0) || grown("calls") < 0 || grown("failedCalls") < 0 || grown("cpuMs") < 0) return undefined;
  return {
    inFlight: after.inFlight,
    callsPerSecond: (grown("calls") * 1000) / ms,
    failedPerSecond: (grown("failedCalls") * 1000) / ms,
    cpuCores: grown("cpuMs") / ms,
    loopUtilisation: loopMs > 0 ? Math.min(1, Math.max(0, grown("loopBusyMs") / loopMs)) : 0,
    memoryBytes: after.memoryBytes,
  };
}
