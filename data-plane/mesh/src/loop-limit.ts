/**
 * How many calls an instance may have in flight while its event loop is late: a limit that is there only then, and finds itself.
 *
 * A handler that waits before it works is let in for nothing and costs its time later, in another turn of the loop. A door that
 * asks only how late the loop is just now lets in too many, then nobody, then too many. What is bounded here is the work that has
 * been let in and not been done.
 *
 *     calls in flight  =  calls that end in a ms · (what they wait for elsewhere + how late the loop is)            (Little's law)
 *
 * So a loop that is late by 60 ms more than it is to be has as many calls too many as end in 60 ms, whatever they wait for
 * elsewhere; and what was changed shows when those that were in flight have ended. Such a time is a round, and each ends with one step:
 *
 *     ∞ ──── late by more than `delayMsMax` through a round ───▶ what was in flight, less what is too much
 *     L ──── late by less than `aimMs` ──▶ more        late by more ──▶ less        bounds nothing ──▶ ∞
 *
 * A slow dependency makes nobody late, so it never shrinks who calls it.
 */

/** Later than this through a round is no accident, ms. */
const delayMsMax = 100;
/** How late the loop is to be after that, ms. Nearer to 0 it would idle now and then. */
const aimMs = 75;
/** What one tick counts at most, ms: a stall is no load. */
const lateMsMax = 400;
/** As many are no overload. */
const limitMin = 8;
/** One step takes away no more than this leaves, and adds no more than this. */
const leftMin = 0.3;
const growthMax = 1.5;
/** And adds at least this to a limit that leaves the loop on time. */
const growthMin = 1.1;
/** A limit that is so many times what was in flight bounds nothing. */
const looseMin = 8;
/** A round is at least so many ticks, as one is chance, and takes at most so long, ms: a call may never end. */
const ticksMin = 3;
const roundMsMax = 1_000;

/** What a tick of the loop saw. */
export interface LoopTick {
  /** Since the tick before, ms. */
  readonly elapsedMs: number;
  /** For how much of that the loop had a processor. */
  readonly workedMs: number;
  /** How late it was by its own work, ms. */
  readonly lateMs: number;
  /** Calls that have ended since the tick before. */
  readonly ended: number;
  /** Calls that were in flight at most since then. */
  readonly peak: number;
}

/** A limit and the round that is to say whether it is right. */
export interface LoopLimit {
  /** `Infinity` while there is no need for one. */
  readonly limit: number;
  readonly round: Round;
}

interface Round {
  readonly ticks: number;
  readonly elapsedMs: number;
  /** The sum over its ticks, ms. */
  readonly lateMs: number;
  readonly ended: number;
  readonly peak: number;
  /** What was in flight when it began: it lasts until as many have ended. */
  readonly toEnd: number;
}

const fresh = (toEnd: number): Round => ({ ticks: 0, elapsedMs: 0, lateMs: 0, ended: 0, peak: 0, toEnd });

/** No limit. */
export const noLoopLimit: LoopLimit = { limit: Number.POSITIVE_INFINITY, round: fresh(0) };

/** The limit after a tick. */
export function nextLoopLimit({ limit, round }: LoopLimit, tick: LoopTick): LoopLimit {
  const now: Round = {
    ticks: round.ticks + 1,
    elapsedMs: round.elapsedMs + tick.elapsedMs,
    lateMs: round.lateMs + Math.min(tick.lateMs, lateMsMax),
    ended: round.ended + tick.ended,
    peak: Math.max(round.peak, tick.peak),
    toEnd: round.toEnd,
  };
  const isOver = now.ticks >= ticksMin && (now.ended >= now.toEnd || now.elapsedMs >= roundMsMax);
  return isOver ? { limit: stepped(limit, now), round: fresh(tick.peak) } : { limit, round: now };
}

function stepped(limit: number, { ticks, elapsedMs, lateMs, ended, peak }: Round): number {
  const delayMs = lateMs / ticks;
  if (limit === Number.POSITIVE_INFINITY && delayMs <= delayMsMax) return limit;
  if (limit > looseMin * Math.max(limitMin, peak) && delayMs <= delayMsMax) return Number.POSITIVE_INFINITY;
  const from = Math.min(limit, Math.max(limitMin, peak));
  const by = (ended / elapsedMs) * (aimMs - delayMs);
  if (by < 0) return Math.max(limitMin, from * leftMin, from + by);
  return Math.min(limit * growthMax, limit + Math.max(by, limit * (growthMin - 1)));
}
