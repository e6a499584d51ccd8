/** Everything that is wrong, gathered before anything is thrown: one start shows all mistakes, not the first of each. */
import { CantleError } from "@cantle/core";
import type { Origin } from "./sources.ts";

/** Path → messages. */
export type Problems = Map<string, string[]>;

/** Notes one mistake; the same sentence about the same path only once. */
export function report(problems: Problems, path: string, message: string): void {
  const messages = problems.get(path) ?? [];
  if (!messages.includes(message)) problems.set(path, [...messages, message]);
}

/** Throws `CONFIG_INVALID` when there is anything to tell. */
export function throwAny(problems: Problems): void {
  if (problems.size === 0) return;
  const message = problems.size === 1 ? "one configuration value is" : `${problems.size} configuration values are`;
  throw new CantleError("CONFIG_INVALID", `${message} missing or wrong`, {
    place: [...problems.keys()].join(", "),
    errors: Object.fromEntries(problems),
    help: "change each where it came from; the environment is stronger than files, and --set than both",
  });
}

/** Where a value came from, as the end of a sentence. */
export function cameFrom(origin: Pick<Origin, "source" | "from">): string {
  if (origin.source === "environment") return `(from the environment variable ${origin.from})`;
  if (origin.source === "secret file") return `(from the file that ${origin.from} names)`;
  return `(from ${origin.from})`;
}
