/** From rounds to figures: medians, ratios within rounds, and whether targets hold. */
import type { Contest, Measures, Standing, Target } from "./contest.ts";

/** A target with what became of it. */
export interface Verdict extends Target {
  /** The ratio, or the figure where the target has no reference, of the round that counts. Absent when it could not be measured. */
  readonly figure?: number;
  /** Absent when it could not be measured. */
  readonly holds?: boolean;
}

/** The middle value; of an even number the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Which round counts. */
type Counts = Contest["counts"];

/** The figure of a measure: of the median round, or of the one with most; undefined where there is none. */
export function figureOf({ rounds }: Standing, measure: string, counts?: Counts): number | undefined {
  const values = valuesOf(rounds, measure);
  if (values.length === 0) return undefined;
  return counts === "worst" ? Math.max(...values) : median(values);
}

/** The ratios of a measure to the same of `reference`, round by round. */
export function ratiosOf(standing: Standing, reference: Standing, measure: string): number[] {
  const rounds = Math.min(standing.rounds.length, reference.rounds.length);
  return Array.from(
    { length: rounds },
    (_, round) => standing.rounds[round]![measure]! / reference.rounds[round]![measure]!,
  );
}

/** Holds a target against the standings. */
export function judge(target: Target, standings: readonly Standing[], counts?: Counts): Verdict {
  const find = (name: string) => standings.find((each) => each.name === name && each.work === target.work);
  const ours = find(target.contestant);
  const theirs = target.to === undefined ? undefined : find(target.to);
  if (ours === undefined || (target.to !== undefined && theirs === undefined)) return target;
  const values = theirs === undefined ? valuesOf(ours.rounds, target.measure) : ratiosOf(ours, theirs, target.measure);
  if (values.length === 0) return target;
  const { atMost = Number.POSITIVE_INFINITY, atLeast = 0 } = target;
  const worst = target.atMost === undefined ? Math.min(...values) : Math.max(...values);
  const figure = counts === "worst" ? worst : median(values);
  return { ...target, figure, holds: figure <= atMost && figure >= atLeast };
}

function valuesOf(rounds: readonly Measures[], measure: string): number[] {
  return rounds.flatMap((each) => (each[measure] === undefined ? [] : [each[measure]]));
}
