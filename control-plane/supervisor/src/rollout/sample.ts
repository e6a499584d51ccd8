/**
 * What a release has answered, as counts that only grow. Who makes them decides where they begin: the machines take
 * differences. Numbers of others are not believed: `isSample` is asked before anything is computed.
 */

/** The calls of all instances of one release. */
export interface ReleaseSample {
  readonly calls: number;
  /** Those of them that failed by the server's fault. */
  readonly failed: number;
  /** How many calls fell in each latency bucket, the fastest first; the last one is open above. Not all calls need be in it. */
  readonly latency: readonly number[];
}

/** Both releases, counted over the same time. */
export interface Samples {
  readonly old: ReleaseSample;
  readonly new: ReleaseSample;
}

/** What happened by a moment; the samples are absent where nobody counted. */
export interface Tick {
  readonly nowMs: number;
  readonly samples: Samples | undefined;
}

/** The samples, where both can be true. */
export function believed(samples: Samples | undefined, boundsMs: readonly number[]): Samples | undefined {
  if (samples === undefined) return undefined;
  const buckets = boundsMs.length + 1;
  return isSample(samples.old, buckets) && isSample(samples.new, buckets) ? samples : undefined;
}

/** True for counts that can be true: whole, not negative, no more failures than calls, one count for each bucket. */
export function isSample(sample: ReleaseSample, bucketCount: number): boolean {
  const { calls, failed, latency } = sample;
  return [calls, failed, ...latency].every(isCount) && failed <= calls && latency.length === bucketCount;
}

/** What happened between two samples; nothing where a count went back, as it does when something was counted anew. */
export function since(base: Samples, now: Samples): Samples | undefined {
  const before = countsOf(base);
  const grown = countsOf(now).every((count, index) => count >= (before[index] ?? 0));
  return grown ? { old: difference(base.old, now.old), new: difference(base.new, now.new) } : undefined;
}

/**
 * The latency, ms, below which a share of the calls stayed; between the bounds of a bucket it is interpolated. In the
 * open bucket it is the last bound: more is not known. NaN without calls.
 */
export function quantileMs(latency: readonly number[], boundsMs: readonly number[], share: number): number {
  const total = latency.reduce((sum, count) => sum + count, 0);
  if (total === 0) return Number.NaN;
  let left = share * total;
  for (const [bucket, count] of latency.entries()) {
    const upperMs = boundsMs[bucket];
    if (upperMs === undefined) return boundsMs.at(-1) ?? Number.NaN;
    const lowerMs = boundsMs[bucket - 1] ?? 0;
    if (count > 0 && left <= count) return lowerMs + (upperMs - lowerMs) * (left / count);
    left -= count;
  }
  return Number.NaN;
}

/** What came between two samples of one release. */
export function difference(base: ReleaseSample, now: ReleaseSample): ReleaseSample {
  return {
    calls: now.calls - base.calls,
    failed: now.failed - base.failed,
    latency: now.latency.map((count, bucket) => count - (base.latency[bucket] ?? 0)),
  };
}

function countsOf(samples: Samples): readonly number[] {
  return [samples.old, samples.new].flatMap(({ calls, failed, latency }) => [calls, failed, ...latency]);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
