/**
 * What instances say of their load, believed as far as it can be: each metric is the median of the last few measurements
 * that are fresh and possible.
 *
 * M1. One measurement says nothing: there are two at least, and of two the smaller one counts. So a single spike never moves
 *     anything, and a single dip is held off by the stabilisation of the scaler.
 *     The newest must be fresh; those it is compared with may be twice as old, so that a few lost reports do not blind anybody.
 * M2. A measurement counts once, by its time; late and repeated ones are dropped, and what is not a finite number from 0 is missing.
 * M3. The memory is bounded: three measurements for each instance that is there.
 */
import type { Metric } from "./policy.ts";

/** A measurement of one instance, or of what waits for the whole unit; a metric that is absent was not measured. */
export interface Measured {
  /** When it was measured, on the clock of the scaler. */
  readonly atMs: number;
  readonly values: Readonly<Partial<Record<Metric, number>>>;
}

/** The last measurements of one source, the newest last. */
export type Memory = readonly Measured[];

const rememberedMax = 3;
const neededMin = 2;
/** Larger numbers are nobody's load. */
const possibleMax = 1e12;

/** The memory with one more measurement, without what is stale. */
export function remember(memory: Memory, measured: Measured | undefined, time: Freshness): Memory {
  const past = memory.filter((one) => isFresh(one, { ...time, staleMs: 2 * time.staleMs }));
  const newestMs = past.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  if (measured === undefined || !isFresh(measured, time) || measured.atMs <= newestMs) return past;
  return [...past, measured].slice(-rememberedMax);
}

/** Now, and from what age a measurement is stale. */
export interface Freshness {
  readonly nowMs: number;
  readonly staleMs: number;
}

/** What a source has of a metric; undefined when that is not known well enough. */
export function reading(memory: Memory, metric: Metric, time: Freshness): number | undefined {
  const newest = memory.at(-1);
  if (newest === undefined || !isFresh(newest, time)) return undefined;
  const known = memory.map(({ values }) => values[metric]).filter((value) => isPossible(value));
  if (known.length < neededMin) return undefined;
  return known.sort((a, b) => a - b)[Math.floor((known.length - 1) / 2)];
}

/** One from the future was measured on another clock, or ours went back: it is as good as stale. */
function isFresh({ atMs }: Measured, { nowMs, staleMs }: Freshness): boolean {
  return atMs <= nowMs && nowMs - atMs <= staleMs;
}

function isPossible(value: number | undefined): value is number {
  return value !== undefined && value >= 0 && value <= possibleMax;
}
