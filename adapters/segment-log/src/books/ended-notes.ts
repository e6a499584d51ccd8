/** Numbers of one source that are handled: those of one batch share a note, and so a record. */
import type { Commits } from "../commits.ts";
import { writeEnded } from "./entries.ts";

/** What ended in one source. */
export class EndedNotes {
  readonly #commits: () => Commits;
  readonly #source: number;
  /** What is in the note that waits to be written. */
  #open: number[] | undefined;

  constructor(commits: () => Commits, source: number) {
    this.#commits = commits;
    this.#source = source;
  }

  /** Writes down numbers. Resolves when that is durable. */
  add(numbers: readonly number[]): Promise<void> {
    const open = this.#open;
    if (open !== undefined) {
      for (const number of numbers) open.push(number);
      return this.#commits().noted();
    }
    const all = [...numbers];
    this.#open = all;
    return this.#commits().note({
      encode: (batch) => {
        if (this.#open === all) this.#open = undefined;
        writeEnded(batch, this.#source, all);
      },
      committed: () => {},
    });
  }

  /** What is added from now on comes after all that was noted so far: for notes that say how everything stands. */
  close(): void {
    this.#open = undefined;
  }
}
