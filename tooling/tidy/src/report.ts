/** A tally as text: quiet about what passed, whole about what failed. */
import type { Failure, Tally } from "./tally.ts";

const slowestCount = 10;

/** One failure, told as it happens. */
export function failureText({ name, place, text }: Failure): string {
  return `✖ ${name}\n  ${place}\n${text.replace(/^/gm, "    ")}\n`;
}

/** Everything after the last test; ends with the line `N passed, N failed`. */
export function reportText(tally: Tally): string {
  return [slowest(tally), skipped(tally), leftOut(tally), lastLine(tally)].filter((part) => part !== "").join("\n\n");
}

/** `N passed, N failed`, and `, N skipped` where there are any. */
export function lastLine({ passed, failures, skipped }: Tally): string {
  return `${passed} passed, ${failures.length} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}

function slowest({ times }: Tally): string {
  const ranked = [...times].sort((a, b) => b.ms - a.ms).slice(0, slowestCount);
  const rows = ranked.map(({ name, place, ms }) => `  ${(ms / 1000).toFixed(2).padStart(7)} s  ${name} (${place})`);
  return rows.length === 0 ? "" : ["slowest", ...rows].join("\n");
}

function skipped({ reasons }: Tally): string {
  return reasons.length === 0 ? "" : ["skipped", ...reasons.map((reason) => `  ${reason}`)].join("\n");
}

function leftOut({ missing }: Tally): string {
  const rows = missing.map(({ engine, command, tests }) => `  ${engine}: ${tests} tests; to run them: ${command}`);
  return rows.length === 0 ? "" : ["left out, because an engine is missing", ...rows].join("\n");
}
