/**
 * Giving what can be given: all sources that may have something, once for each turn of the event loop, so that what `Hands` must know
 * of a thousand deliveries is one write.
 */
import type { Logger } from "@cantle/telemetry";
import type { Given, Giver } from "./books/given.ts";
import type { Hands } from "./hands.ts";

/** How many deliveries are given in one turn; then others have theirs. */
const turnMax = 1_024;

/** Gives deliveries. */
export class Dispatch {
  readonly #hands: Hands;
  readonly #log: Logger;
  #sources = new Set<Giver>();
  #isScheduled = false;
  #isOpen = true;

  constructor(hands: Hands, log: Logger) {
    this.#hands = hands;
    this.#log = log;
  }

  /** A source may have something to give, or somebody to give it to. */
  wake(source: Giver): void {
    this.#sources.add(source);
    this.#schedule();
  }

  /** Gives nothing more. */
  close(): void {
    this.#isOpen = false;
  }

  #schedule(): void {
    if (this.#isScheduled || !this.#isOpen) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#isOpen) this.#give(this.#collect());
    });
  }

  #collect(): Given[] {
    const sources = this.#sources;
    this.#sources = new Set();
    const given: Given[] = [];
    for (const source of sources) {
      const more = given.length >= turnMax || source.collect(given, turnMax);
      if (more) this.wake(source);
    }
    return given;
  }

  #give(given: readonly Given[]): void {
    this.#hands.note(given.map((each) => each.row()));
    for (const each of given) {
      try {
        each.taker.onDelivery(each);
      } catch (error) {
        this.#log.error("a consumer threw instead of taking a delivery", { error });
      }
    }
  }
}
