/** What was in somebody's hands when the process before this one ended without a word. */
import type { Clock } from "@cantle/core";
import type { Books } from "./books/books.ts";
import { goneFailure, withFailure } from "./books/failures.ts";
import type { LeftInHand } from "./hands.ts";

/**
 * Counts it as tried: nobody else gets it before its lease would have been over. Resolves when the books know; each of the promises
 * that it answers with, when the journal has one.
 */
export async function countLeft(books: Books, clock: Clock, left: readonly LeftInHand[]): Promise<Promise<void>[]> {
  const noted: Promise<void>[] = [];
  const nowMs = clock.wallMs();
  for (const { source: sourceNumber, number, attempt, leaseMs, leaseEndMs, sequence } of left) {
    const source = books.sources.get(sourceNumber);
    // What a group had in hand before it was sent elsewhere was taken from it then.
    if (source === undefined || !source.has(number) || sequence <= source.afreshSequence) continue;
    if (attempt !== (source.attempts.tried(number)?.attempts ?? 0) + 1) continue;
    // A clock that was set back makes nobody wait for longer than the lease.
    const dueMs = Math.min(leaseEndMs, nowMs + leaseMs);
    const failures = withFailure(await source.failuresOf(number), goneFailure(nowMs));
    noted.push(source.attempts.note(number, { attempts: attempt, dueMs, failures }));
  }
  return noted;
}
