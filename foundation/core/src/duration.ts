/** Durations as people write them: `250ms`, `3s`, `5m`, `1h`, `30d`. */
import { CantleError } from "./error.ts";

const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration literal, checked by the compiler. */
export type Duration = `${number}${keyof typeof unitsMs}`;

/** The milliseconds of a duration. Throws `CONFIG_INVALID` on anything else. */
export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (!match) {
    throw new CantleError("CONFIG_INVALID", `'${text}' is not a duration`, {
      help: "write a number and ms, s, m, h or d: 250ms, 30d",
    });
  }
  return Number(match[1]) * unitsMs[match[2] as keyof typeof unitsMs];
}
