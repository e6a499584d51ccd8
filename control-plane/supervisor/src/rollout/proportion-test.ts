/**
 * Does the new release fail more often than the old one, or is it chance? Fisher's exact test of two proportions,
 * one-sided (R. A. Fisher, "On the Interpretation of χ² from Contingency Tables, and the Calculation of P", Journal of the Royal
 * Statistical Society 85, 1922).
 *
 * Given how many of all calls failed, the number that falls to the new release is hypergeometric when the release makes
 * no difference. The p-value is the weight of that distribution from the seen number upwards. It is exact for small counts,
 * where a normal approximation cries wolf, and the terms fall so fast that large counts cost no more.
 */

/** Calls, and how many of them failed. */
export interface Trials {
  readonly calls: number;
  readonly failed: number;
}

/**
 * How probable it is that so many failures or more fall to `suspect`, were it as good as `baseline`. 1 when it fails no
 * more often than the baseline: nothing is asked then.
 */
export function failsMoreP(baseline: Trials, suspect: Trials): number {
  const calls = baseline.calls + suspect.calls;
  const failed = baseline.failed + suspect.failed;
  if (baseline.calls === 0 || suspect.failed * calls <= failed * suspect.calls) return 1;
  const most = Math.min(failed, suspect.calls);
  let term = Math.exp(
    logChoose(suspect.calls, suspect.failed) + logChoose(baseline.calls, baseline.failed) - logChoose(calls, failed),
  );
  let sum = term;
  // Each term from the one before; beyond the mean they only fall.
  for (let x = suspect.failed; x < most && term > sum * Number.EPSILON; x++) {
    term *= ((suspect.calls - x) * (failed - x)) / ((x + 1) * (baseline.calls - failed + x + 1));
    sum += term;
  }
  return Math.min(1, sum);
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** ln n!, by Stirling's series; small ones by multiplying, where the series is not exact enough. */
function logFactorial(n: number): number {
  if (n < 16) {
    let product = 1;
    for (let factor = 2; factor <= n; factor++) product *= factor;
    return Math.log(product);
  }
  const series = 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5);
  return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + series;
}
