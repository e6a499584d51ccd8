/** What a rule finds, and how it is told. */
import type { Repository } from "./repository.ts";

/** One breach of a rule. */
export interface Finding {
  /** `path:line`, or the path alone. */
  readonly place: string;
  /** What is wrong there. */
  readonly what: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** A rule of the house. */
export interface Rule {
  /** A sentence that is true of a tidy repository. */
  readonly title: string;
  /** Why, in one line. */
  readonly reason: string;
  readonly check: (repository: Repository) => Finding[];
}

/** The findings of a rule as text. */
export function tell({ title, reason }: Rule, findings: readonly Finding[]): string {
  return [
    `rule: ${title}`,
    `why:  ${reason}`,
    ...findings.map(({ place, what, remedy }) => `  ${place}: ${what}\n      remedy: ${remedy}`),
  ].join("\n");
}
