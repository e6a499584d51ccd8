/**
 * Which moments of a schedule are due: a pure machine, asked with the wall time as often as one likes.
 *
 * 1. No moment is named twice, also when the wall clock goes back.
 * 2. A moment that is past by more than `lateMsMax` is not made up: the process slept, or the clock jumped.
 */
import { CantleError } from "@cantle/core";
import { Cron } from "croner";

/** A pattern in a time zone. */
export interface CronPattern {
  /** Five fields, or six with seconds in front. */
  readonly cron: string;
  /** An IANA time zone. */
  readonly timeZone: string;
}

/** Answers with the first moment of a pattern after another one; undefined for none. */
export type NextMoment = (afterMs: number) => number | undefined;

/** Reads a pattern. Throws `SERVICE_INVALID` with `place` where it says nothing, or never comes to pass. */
export function readCron({ cron, timeZone }: CronPattern, place: string): NextMoment {
  let job: Cron;
  let first: Date | null;
  try {
    job = new Cron(cron, { timezone: timeZone });
    first = job.nextRun(aMoment);
  } catch (cause) {
    throw new CantleError("SERVICE_INVALID", `'${cron}' in '${timeZone}' is not a schedule`, {
      place,
      help: "write minute, hour, day, month and weekday (0 3 * * *), and an IANA time zone (Europe/Berlin)",
      cause,
    });
  }
  if (first === null)
    throw new CantleError("SERVICE_INVALID", `'${cron}' never comes to pass`, {
      place,
      help: "name a day that there is",
    });
  return (afterMs) => job.nextRun(new Date(afterMs))?.getTime();
}

const aMoment = new Date("2026-01-01T00:00:00Z");

/** Later than this a moment is not made up. */
export const lateMsMax = 60_000;

/** What is due at a look. */
export interface Due {
  readonly moments: readonly number[];
  /** Moments that nobody will make up. */
  readonly missedCount: number;
  /** When the next one is; undefined for none. */
  readonly nextMs: number | undefined;
}

/** The moments of one schedule. */
export class CronMoments {
  readonly #next: NextMoment;
  /** Everything up to here was looked at. */
  #lookedMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(next: NextMoment, nowMs: number) {
    this.#next = next;
    this.#lookedMs = nowMs;
  }

  /** What came due since the last look. */
  look(nowMs: number): Due {
    // After the clock went back, what it passes again is looked at again, but for what was named (1).
    let fromMs = Math.max(this.#lastMs, Math.min(this.#lookedMs, nowMs));
    const moments: number[] = [];
    let missedCount = 0;
    let nextMs = this.#next(fromMs);
    if (nextMs !== undefined && nowMs - nextMs > lateMsMax) {
      // Not one by one: a schedule of every second may have missed a million.
      missedCount = 1;
      fromMs = Math.max(this.#lastMs, nowMs - lateMsMax - 1);
      nextMs = this.#next(fromMs);
    }
    for (; nextMs !== undefined && nextMs <= nowMs; nextMs = this.#next(nextMs)) moments.push(nextMs);
    this.#lastMs = moments.at(-1) ?? this.#lastMs;
    this.#lookedMs = nowMs;
    return { moments, missedCount, nextMs };
  }
}
