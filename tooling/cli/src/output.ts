/** How results look: JSON for programs, columns for people. */
import type { Terminal } from "./terminal.ts";

/** Prints a result as JSON: indented, as people read it too. */
export function printJson({ out }: Terminal, value: unknown): void {
  out(JSON.stringify(value, undefined, 2));
}

/** Lines of a table whose columns are as wide as their widest cell; the first row is the heading. */
export function tableOf(heading: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join("  ")
      .trimEnd(),
  );
}

/** Prints a table. */
export function printTable(
  { out, paintOut }: Terminal,
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const [first = "", ...rest] = tableOf(heading, rows);
  out(paintOut("bold", first));
  for (const line of rest) out(line);
}

/** A span of time for people, in its two largest units: `1d 4h`, `3m 12s`, `0.8s`. */
export function spanText(spanMs: number): string {
  const seconds = Math.max(0, spanMs) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  const whole = Math.floor(seconds);
  const parts: readonly [string, number][] = [
    ["d", Math.floor(whole / 86_400)],
    ["h", Math.floor(whole / 3600) % 24],
    ["m", Math.floor(whole / 60) % 60],
    ["s", whole % 60],
  ];
  const first = parts.findIndex(([, count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([, count]) => count > 0)
    .map(([unit, count]) => `${count}${unit}`)
    .join(" ");
}

/** A count with its noun: `1 service`, `3 services`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
