/**
 * What one process has said of itself lately: the thin part around `stall-watch.ts`. It looks at each of its own ticks, and
 * calls `onStalled` once.
 */
import type { Clock, Timer } from "@cantle/core";
import { type LoadRates, type LoadReport, ratesBetween } from "./load.ts";
import type { ProcessSpec } from "./spec.ts";
import { beatMsOf, type StallEvent, type StallState, stalledAfterMsDefault, stallWatch } from "./stall-watch.ts";

/** The pulse of one process. */
export class Pulse {
  readonly #clock: Clock;
  readonly #stalledAfterMs: number;
  readonly #onStalled: () => void;
  #state: StallState = { kind: "unheard" };
  #timer: Timer | undefined;
  #before: LoadReport | undefined;
  #last: LoadReport | undefined;
  #heardMs = 0;

  constructor(
    { stalledAfterMs = stalledAfterMsDefault }: Pick<ProcessSpec, "stalledAfterMs">,
    clock: Clock,
    onStalled: () => void,
  ) {
    this.#clock = clock;
    this.#stalledAfterMs = stalledAfterMs;
    this.#onStalled = onStalled;
  }

  /** The last report, and when it came by our clock; undefined before the first. */
  get load(): { readonly report: LoadReport; readonly heardMs: number } | undefined {
    return this.#last && { report: this.#last, heardMs: this.#heardMs };
  }

  /** What the time between the last two reports was like. */
  get rates(): LoadRates | undefined {
    return this.#before && this.#last && ratesBetween(this.#before, this.#last);
  }

  /** From now on silence counts. */
  watch(): void {
    this.#timer ??= this.#next();
  }

  /** It said something; a report that could not be read is a sign of life all the same. */
  heard(report: LoadReport | null, debugged: boolean): void {
    this.#feed({ kind: "heard", debugged });
    if (report === null) return;
    this.#before = this.#last;
    this.#last = report;
    this.#heardMs = this.#clock.nowMs();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#state = { kind: "exempt" };
  }

  #next(): Timer {
    return this.#clock.after(beatMsOf(this.#stalledAfterMs), () => {
      this.#feed({ kind: "tick" });
      if (this.#state.kind === "stalled") this.#onStalled();
      else this.#timer = this.#next();
    });
  }

  #feed(event: StallEvent): void {
    const tickMs = beatMsOf(this.#stalledAfterMs);
    const setting = { nowMs: this.#clock.nowMs(), tickMs, stalledAfterMs: this.#stalledAfterMs };
    this.#state = stallWatch(this.#state, event, setting);
  }
}
