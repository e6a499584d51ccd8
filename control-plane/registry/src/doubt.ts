/**
 * When the lease table should not believe its own ears. Seen from inside, "everybody died" and "I cannot hear" look alike, and
 * the second is likelier; to act on the first wrongly empties every view at once.
 *
 *     trusting ──more than half of at least three are silent──▶ doubting ──they are heard again──▶ trusting
 *                                                                   └──holdMs, and some are heard──▶ doubting, but acting on it
 *
 * Silent is who was not heard for half a lease (one heartbeat is missing, none of the leases has run out yet), or whose watch
 * broke. So the doubt comes before the first eviction, also when the instances fall silent one after the other.
 *
 * While nobody at all is heard the doubt has no end: with nobody alive, a stale view does no more harm than an empty one. While
 * some are heard it ends after `holdMs`: then it is the others that are gone. Rates of lost heartbeats are not looked at.
 */

/** How many are here, and how many of them are silent. */
export interface Hearing {
  readonly total: number;
  readonly silent: number;
}

/** A doubt. */
export interface Doubt {
  /** True when nobody is to be evicted now. */
  hear(hearing: Hearing, nowMs: number): boolean;
  readonly isDoubting: boolean;
}

const totalMin = 3;

/** Begins trusting; `holdMs` is how long a doubt is acted upon while some are heard. */
export function createDoubt(holdMs: number): Doubt {
  let sinceMs: number | undefined;
  return {
    hear({ total, silent }, nowMs) {
      if (total < totalMin || silent * 2 <= total) {
        sinceMs = undefined;
        return false;
      }
      sinceMs ??= nowMs;
      return silent === total || nowMs - sinceMs < holdMs;
    },
    get isDoubting() {
      return sinceMs !== undefined;
    },
  };
}
