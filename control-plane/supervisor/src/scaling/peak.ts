/**
 * The highest need of the last while: what may be given up is only what was not needed for all of it.
 *
 * P1. It knows nothing until it has watched for the whole window, without a gap; then the need before is unknown, and
 *     nothing is given up.
 * P2. It keeps only needs that are higher than all later ones, so never more than there are instances.
 */

/** A window of needs: since when it watches, the last time, and the needs, falling. */
export interface Peak {
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly needs: readonly { readonly atMs: number; readonly count: number }[];
}

/** What the window spans, and what is a gap in it. */
export interface PeakSpan {
  readonly nowMs: number;
  readonly windowMs: number;
  readonly gapMaxMs: number;
}

/** A window that begins now. */
export function beginPeak(nowMs: number): Peak {
  return { sinceMs: nowMs, lastMs: nowMs, needs: [] };
}

/** The window with one more need. */
export function watch(peak: Peak, count: number, { nowMs, windowMs, gapMaxMs }: PeakSpan): Peak {
  const broken = nowMs < peak.lastMs || nowMs - peak.lastMs > gapMaxMs;
  const { sinceMs, needs } = broken ? beginPeak(nowMs) : peak;
  const higher = needs.filter((need) => need.count > count && nowMs - need.atMs <= windowMs);
  return { sinceMs, lastMs: nowMs, needs: [...higher, { atMs: nowMs, count }] };
}

/** The highest need of the whole window; undefined while it is not known (P1). */
export function highest(peak: Peak, { nowMs, windowMs }: PeakSpan): number | undefined {
  if (nowMs - peak.sinceMs < windowMs) return undefined;
  return peak.needs[0]?.count;
}
