/**
 * What the log says of requests that are refused because there are too many: a line a second at most. A line for each would cost more
 * than the refusal does, just when there is no time.
 */
import type { CantleError, Clock } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";

const everyMs = 1_000;

/** Counts them. */
export class Crowding {
  readonly #clock: Clock;
  readonly #log: Logger;
  #saidMs = Number.NEGATIVE_INFINITY;
  #refused = 0;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** A request was refused for this. */
  refused({ code, message }: CantleError): void {
    this.#refused++;
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#saidMs + everyMs) return;
    this.#log.warn("requests are refused, as there are too many", { code, reason: message, refused: this.#refused });
    this.#saidMs = nowMs;
    this.#refused = 0;
  }
}
