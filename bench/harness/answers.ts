/** What came of requests that were sent at their times, and what is asked about many of them. */

/** The time on the wall, which is the same in all processes; finer than `Date.now()`. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

/** One request that ended. */
export interface Answer {
  readonly name: string;
  /** Its own, as its body has it. */
  readonly key: string;
  /** When it should have been sent, as `wallMs` has it. */
  readonly dueMs: number;
  /** How much later than that it was. */
  readonly lateMs: number;
  /** From when it was due to its answer. */
  readonly tookMs: number;
  /** `200`, `503 UNAVAILABLE`, or what broke. */
  readonly outcome: string;
  readonly isGood: boolean;
}

/** How many failed; what they were is told on the way. */
export function failedOf(answers: readonly Answer[]): number {
  const failed = answers.filter(({ isGood }) => !isGood);
  const counts = Map.groupBy(failed, ({ name, outcome }) => `${name}: ${outcome}`);
  for (const [outcome, { length }] of counts) process.stderr.write(`failed: ${length} × ${outcome}\n`);
  return failed.length;
}

/** Those of one name. */
export function named(answers: readonly Answer[], name: string): readonly Answer[] {
  return answers.filter((answer) => answer.name === name);
}

/** The time within which this share of them had an answer, or was sent, ms. */
export function quantileMs(answers: readonly Answer[], share: number, of: "tookMs" | "lateMs" = "tookMs"): number {
  const times = answers.map((answer) => answer[of]).sort((a, b) => a - b);
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
}
