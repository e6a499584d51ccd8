/**
 * Since when a process has certainly been reading what the server sent: what JetStream does not say is when it sent a message, and
 * a process that was stopped (a debugger, a laptop's lid, a frozen container) finds old ones in its socket when it wakes up. Were
 * their leases counted from when they are read, two would hold a message at once.
 *
 *     looks      │    │    │                 │    │
 *     reading  ──────────────  (stopped)  ──r──r────
 *     answer for what is read at r: the second look back, so the last one before the stop for all that waited in the socket
 *
 * Everything that came before a look was read before the next one, for a whole turn of the event loop lies between them.
 */
import type { Clock, Timer } from "@cantle/core";

/** Looks at the clock from time to time. */
export class Awake {
  readonly #clock: Clock;
  readonly #everyMs: number;
  #last: number;
  #beforeLast: number;
  #timer: Timer;

  constructor(clock: Clock, everyMs: number) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#last = clock.nowMs();
    this.#beforeLast = this.#last;
    this.#timer = clock.after(everyMs, () => this.#look());
  }

  /** What is read now was sent at this moment (monotonic) or later. */
  get sinceMs(): number {
    return this.#beforeLast;
  }

  close(): void {
    this.#timer.cancel();
  }

  #look(): void {
    this.#beforeLast = this.#last;
    this.#last = this.#clock.nowMs();
    this.#timer = this.#clock.after(this.#everyMs, () => this.#look());
  }
}
