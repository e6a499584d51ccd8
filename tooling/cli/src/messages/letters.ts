/** Dead letters of one source: reading all of them page by page, choosing some, and why they are there. */
import type { DeadLetter, DeadLetterSource, DeadLetters } from "@cantle/messaging";
import type { LetterFilter } from "./letter-filter.ts";

/** How many are held in memory at once, with their data. */
const pageMax = 100;

/** All of them, oldest first. */
export async function* lettersOf(
  deadLetters: Pick<DeadLetters, "read">,
  source: DeadLetterSource,
): AsyncGenerator<DeadLetter> {
  let after: string | undefined;
  while (true) {
    const page = await deadLetters.read(source, { max: pageMax, after });
    yield* page;
    after = page.at(-1)?.id;
    if (after === undefined) return;
  }
}

/** Which ones. */
export interface Choice {
  /** Only these; all when empty. */
  readonly ids: readonly string[];
  readonly filter: LetterFilter;
  readonly max: number;
}

/** A letter without its data. */
export interface ChosenLetter {
  readonly id: string;
  /** The id of its message; null for a letter that was named and is not there. */
  readonly message: string | null;
}

/** Those that are meant, as they are now: what is given up from here on is not among them. */
export async function chooseLetters(
  deadLetters: Pick<DeadLetters, "read">,
  source: DeadLetterSource,
  { ids, filter, max }: Choice,
): Promise<readonly ChosenLetter[]> {
  const wanted = new Set(ids);
  const chosen: ChosenLetter[] = [];
  for await (const letter of lettersOf(deadLetters, source)) {
    if (chosen.length === max || (ids.length > 0 && wanted.size === 0)) break;
    const isNamed = wanted.delete(letter.id) || ids.length === 0;
    if (isNamed && filter(letter)) chosen.push({ id: letter.id, message: letter.message.id });
  }
  return [...chosen, ...[...wanted].slice(0, max - chosen.length).map((id) => ({ id, message: null }))];
}

/** Letters that failed the same way. */
export interface Reason {
  readonly code: string;
  /** What the last attempt of the latest one said. */
  readonly message: string;
  readonly count: number;
  /** One of them, to look at: the latest. */
  readonly id: string;
  /** When that was given up. */
  readonly at: string;
}

/** The reasons, most frequent first; `by` says what makes two of them one. */
export function reasonsOf(letters: Iterable<DeadLetter>, by: "code" | "message"): readonly Reason[] {
  const reasons = new Map<string, Reason>();
  for (const { id, at, failures } of letters) {
    const { code = "unknown", message = "" } = failures.at(-1) ?? {};
    const key = by === "code" ? code : `${code} ${message}`;
    reasons.set(key, { code, message, id, at, count: (reasons.get(key)?.count ?? 0) + 1 });
  }
  return [...reasons.values()].sort((a, b) => b.count - a.count);
}
