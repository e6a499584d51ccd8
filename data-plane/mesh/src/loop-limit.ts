/**
 * How many calls an instance may have in flight while its event loop is late: a limit that is there only then, and finds itself.
 *
 * A handler that waits before it works is let in for nothing and costs its time later, in another turn of the loop. By then as many
 * have been let in as came; a door that asks only how late the loop is just now lets in too many, then nobody, then too many. What
 * is bounded here is the work that has been let in and not been done.
 *
 *     too late twice      what was in flight · aim / delay       (so much would have been done in time)
 *     else                a tenth more with each tick, until it bounds nothing
 *
 * A slow dependency makes nobody late, so it never shrinks who calls it.
 */

/** Two ticks in a row later than this are no accident, ms. */
const delayMsMax = 100;
/** How late the loop is to be after that, ms. Nearer to 0 it would idle now and then. */
const aimMs = 75;
/** As many are no overload. */
const limitMin = 8;
/** One look takes away no more than this leaves. */
const leftMin = 0.3;
const growth = 1.1;
/** A limit that is so many times what was in flight bounds nothing. */
const looseMin = 8;

/**
 * The limit after a tick: `delayMs` is how late it was, or the one before it, whichever was less; `peak` is how many calls were in
 * flight at most since that one.
 */
export function nextLoopLimit(limit: number, delayMs: number, peak: number): number {
  if (delayMs > delayMsMax) return Math.max(limitMin, Math.min(limit, peak) * Math.max(leftMin, aimMs / delayMs));
  return limit > looseMin * Math.max(limitMin, peak) ? Number.POSITIVE_INFINITY : limit * growth;
}
