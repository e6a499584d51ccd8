/** A deadline that runs a function; for the rare waits where an object per wait does not matter. */
import { Deadline, type Deadlines } from "@cantle/core";

/** A pending function. */
export class Alarm extends Deadline {
  readonly #act: () => void;

  constructor(act: () => void) {
    super();
    this.#act = act;
  }

  expire(): void {
    this.#act();
  }
}

/** Runs `act` once `atMs` (monotonic) has passed; the result takes that back. */
export function alarm(deadlines: Deadlines, atMs: number, act: () => void): () => void {
  const pending = new Alarm(act);
  deadlines.add(pending, atMs);
  return () => deadlines.remove(pending);
}
