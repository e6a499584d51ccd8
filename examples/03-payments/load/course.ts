/** How the counts of units went over a load: what the table at the end says. */

/** The units whose instances are counted. */
export const units = ["inquiry", "payment", "settlement"] as const;

/** How many instances of each unit take calls. */
export type Counts = Readonly<Record<(typeof units)[number], number>>;

/** The counts that followed each other, without repetition: `[1, 1, 3, 4, 4, 1]` is `1 → 3 → 4 → 1`. */
export function courseOf(counts: readonly number[]): readonly number[] {
  return counts.filter((count, at) => at === 0 || count !== counts[at - 1]);
}

/** How often growing became shrinking or the other way round: once, for a load that comes and goes. */
export function turnsOf(counts: readonly number[]): number {
  const steps = courseOf(counts).map((count, at, all) => Math.sign(count - (all[at - 1] ?? count)));
  return steps.slice(1).filter((step, at, all) => at > 0 && step !== all[at - 1]).length;
}
