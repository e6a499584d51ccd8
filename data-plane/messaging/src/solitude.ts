/**
 * Handling one message with nothing beside it in the whole process. All consumers of a process share one `Solitude`: when one
 * of them has a suspect, everybody finishes what was begun, gives back the rest and takes nothing until it is over.
 */

/** A consumer, as the others see it. */
export interface Company {
  /** Takes nothing more and gives back what was not begun; resolves when nothing of it is being handled. */
  withdraw(): Promise<void>;
  /** Takes messages again. */
  resume(): void;
}

/** Something to be done alone. */
export interface Lonely {
  /** Asked when its turn has come: false when there is nothing to do any more. */
  claim(): boolean;
  work(): Promise<void>;
}

/** The consumers of a process. */
export class Solitude {
  readonly #company = new Set<Company>();
  #last: Promise<void> = Promise.resolve();
  #isOn = false;

  /** True while something is handled alone; who joins now begins withdrawn. */
  get isOn(): boolean {
    return this.#isOn;
  }

  join(consumer: Company): void {
    this.#company.add(consumer);
  }

  leave(consumer: Company): void {
    this.#company.delete(consumer);
  }

  /** Does it when everybody has withdrawn, one such thing at a time. */
  alone(lonely: Lonely): Promise<void> {
    this.#last = this.#last.then(() => this.#turn(lonely)).catch(() => {});
    return this.#last;
  }

  async #turn({ claim, work }: Lonely): Promise<void> {
    if (!claim()) return;
    this.#isOn = true;
    try {
      await Promise.all([...this.#company].map((consumer) => consumer.withdraw()));
      await work();
    } finally {
      this.#isOn = false;
      for (const consumer of this.#company) consumer.resume();
    }
  }
}
