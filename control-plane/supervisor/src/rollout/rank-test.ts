/**
 * Is the new release slower than the old one, or is it chance? The rank test of Mann and Whitney, one-sided, on the
 * buckets of two histograms (H. B. Mann, D. R. Whitney, "On a Test of Whether one of Two Random Variables is
 * Stochastically Larger than the Other", Annals of Mathematical Statistics 18, 1947; the variance with ties as in E. L. Lehmann,
 * "Nonparametrics", 1975).
 *
 * It asks nothing of the shape of latencies, and a few enormous ones do not rule it. All calls of a bucket are ties.
 * It uses the normal approximation: ask it only with some dozens of calls on either side.
 * With many calls it finds any difference, however small; whether one matters is not its question (`verdict.ts`).
 */

/** How probable it is that `suspect` looks so much slower than `baseline` by chance; 1 when there is nothing to compare. */
export function slowerP(baseline: readonly number[], suspect: readonly number[]): number {
  const n = sumOf(baseline);
  const m = sumOf(suspect);
  const all = n + m;
  if (n === 0 || m === 0) return 1;
  let below = 0;
  let wins = 0;
  let ties = 0;
  for (const [bucket, own] of suspect.entries()) {
    const other = baseline[bucket] ?? 0;
    wins += own * (below + other / 2);
    below += other;
    ties += (own + other) ** 3 - (own + other);
  }
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)));
  // Everything in one bucket: nothing tells the releases apart.
  if (!(variance > 0)) return 1;
  return upperTail((wins - (n * m) / 2 - 0.5) / Math.sqrt(variance));
}

/**
 * The weight of the standard normal distribution above z: the series around 0 (Abramowitz and Stegun 26.2.11) and, where
 * that loses digits, the continued fraction (26.2.14).
 */
export function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > 3) {
    let fraction = z;
    for (let depth = 40; depth > 0; depth--) fraction = z + depth / fraction;
    return density / fraction;
  }
  let term = z;
  let sum = z;
  for (let odd = 3; term > 1e-17; odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return 0.5 - density * sum;
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
