/**
 * Whether one operation of one target is called at all.
 *
 *     closed ──(too many failures or slow calls)──▶ open ──(its time is over, and somebody asks)──▶ half-open
 *        ▲                                           ▲                                                 │
 *        └──────────(enough probes went well)────────┼─────────────────────────────────────────────────┤
 *                                                    └──(too many did not, or did not come back)───────┘
 *
 * 1. Half-open lets `probesMax` calls through and no more, however many ask.
 * 2. A probe that does not come back within `probeMs` has failed: nothing that hangs keeps a breaker half-open.
 * 3. A call that was let through in one state says nothing in another: what comes back late is ignored.
 * 4. Only a failure or a slow call opens; a good one never does.
 * 5. There is no timer: time passes when somebody asks.
 *
 * It changes in place, as it is asked at every call; time is an argument, and what it decides it tells `Told`.
 */
import { countWindow, type OutcomeWindow, timeWindow } from "./outcome-window.ts";

/** When a breaker opens, and for how long. */
export interface BreakerPolicy {
  /** Failures in a row that open it; default 0: only shares count. Few calls in flight want a small one, many a large one. */
  readonly failuresMax: number;
  /** The share of failures that opens it; default 0.5. Above 1: never. */
  readonly failureRatioMax: number;
  /** From when on a call is slow, ms; default `Infinity`: none is. */
  readonly slowMs: number;
  /** The share of slow calls that opens it; default 1: all. */
  readonly slowRatioMax: number;
  /** The shares are of the calls of the last `windowMs`, default 10,000, or of the last `windowCalls`, where that is not 0. */
  readonly windowMs: number;
  readonly windowCalls: number;
  /** How many calls it takes to speak of a share; default 20. */
  readonly callsMin: number;
  /** How long it stays open, ms, default 1,000; each time in a row twice as long, at most `openMsMax`, default 10,000. */
  readonly openMs: number;
  readonly openMsMax: number;
  /** How many calls try whether it is well again; default 3. */
  readonly probesMax: number;
  /** After which time such a call has failed, ms; default the operation's `timeoutMs`. */
  readonly probeMs: number;
}

/** What somebody who operates a system can make of a breaker: always open, always closed, or its own master again. */
export type Steering = "open" | "off" | "auto";

/** How a call ended, as far as a breaker cares. */
export type Outcome = "success" | "failure" | "ignored";

/** When a call was let through and when it ended. */
export interface Span {
  readonly startMs: number;
  readonly nowMs: number;
}

/** Where a breaker stands. */
export type BreakerState =
  | { readonly kind: "closed" }
  | { readonly kind: "open"; readonly untilMs: number }
  | { readonly kind: "half-open"; readonly running: number[]; well: number; failed: number; slow: number }
  | { readonly kind: "forced-open" }
  | { readonly kind: "disabled" };

/** What a breaker is like just now, for people. */
export interface BreakerFacts {
  readonly state: BreakerState["kind"];
  /** Why it became that; empty where it never was anything else. */
  readonly why: string;
  /** Of an open one: how long it stays so at least, ms. */
  readonly openForMs?: number;
  /** Of the calls of its window. */
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

/** Is told of each change of state, and why. */
export type Told = (state: BreakerState["kind"], why: string) => void;

/** The breaker of one operation. */
export class Breaker {
  readonly policy: BreakerPolicy;
  readonly #told: Told;
  readonly #window: OutcomeWindow;
  #state: BreakerState = { kind: "closed" };
  /** Counts states, so that a ticket tells in which one it was given. */
  #generation = 1;
  #inRow = 0;
  #opened = 0;
  #why = "";

  constructor(policy: BreakerPolicy, told: Told = () => {}) {
    this.policy = policy;
    this.#told = told;
    this.#window = policy.windowCalls > 0 ? countWindow(policy.windowCalls) : timeWindow(policy.windowMs);
  }

  /** Where it stands. An open one whose time is over stays open until somebody asks. */
  get state(): BreakerState {
    return this.#state;
  }

  /** What it is like. */
  facts(nowMs: number): BreakerFacts {
    const { kind } = this.#state;
    const openForMs = this.#state.kind === "open" ? Math.max(0, Math.ceil(this.#state.untilMs - nowMs)) : undefined;
    return {
      state: kind,
      why: this.#why,
      ...(openForMs !== undefined && { openForMs }),
      calls: this.#window.calls(nowMs),
      failures: this.#window.failures(nowMs),
      slow: this.#window.slow(nowMs),
    };
  }

  /** Lets a call through, with a ticket to be given back, or refuses it: 0. */
  ask(nowMs: number): number {
    const state = this.#state;
    if (state.kind === "closed" || state.kind === "disabled") return this.#generation;
    if (state.kind === "forced-open") return 0;
    if (state.kind === "open") {
      if (nowMs < state.untilMs) return 0;
      this.#become({ kind: "half-open", running: [], well: 0, failed: 0, slow: 0 }, "its time is over");
      return this.ask(nowMs);
    }
    this.#giveUpOnProbes(state, nowMs);
    if (this.#state !== state || state.running.length + state.well + state.failed >= this.policy.probesMax) return 0;
    state.running.push(nowMs);
    return this.#generation;
  }

  /** Takes a ticket back: a call that was let through at `startMs` ended. */
  ended(ticket: number, outcome: Outcome, { startMs, nowMs }: Span): void {
    const state = this.#state;
    if (ticket !== this.#generation) return;
    const slow = nowMs - startMs >= this.policy.slowMs;
    if (state.kind === "closed" && outcome !== "ignored") this.#count(outcome === "failure", slow, nowMs);
    if (state.kind === "half-open") this.#probed(state, outcome, { startMs, slow, nowMs });
  }

  /** For whoever operates the system. */
  steer(to: Steering): void {
    if (to === "open") this.#become({ kind: "forced-open" }, "forced");
    else if (to === "off") this.#become({ kind: "disabled" }, "forced");
    else this.#close("released");
  }

  #count(failed: boolean, slow: boolean, nowMs: number): void {
    const { failuresMax } = this.policy;
    this.#inRow = failed ? this.#inRow + 1 : 0;
    this.#window.add(failed, slow, nowMs);
    if (!failed && !slow) return;
    if (failuresMax > 0 && this.#inRow >= failuresMax) this.#open(`${this.#inRow} failures in a row`, nowMs);
    else this.#openByShare(nowMs);
  }

  #openByShare(nowMs: number): void {
    const { callsMin, failureRatioMax, slowRatioMax } = this.policy;
    const calls = this.#window.calls(nowMs);
    if (calls < callsMin) return;
    const failures = this.#window.failures(nowMs);
    const slow = this.#window.slow(nowMs);
    if (failures >= calls * failureRatioMax) this.#open(`${failures} of ${calls} calls failed`, nowMs);
    else if (slow > 0 && slow >= calls * slowRatioMax) this.#open(`${slow} of ${calls} calls were slow`, nowMs);
  }

  #probed(
    state: BreakerState & { kind: "half-open" },
    outcome: Outcome,
    probe: Span & { readonly slow: boolean },
  ): void {
    const at = state.running.indexOf(probe.startMs);
    if (at < 0) return;
    state.running.splice(at, 1);
    if (outcome === "ignored") return;
    if (outcome === "failure") state.failed++;
    else state.well++;
    if (probe.slow) state.slow++;
    this.#decide(state, probe.nowMs);
  }

  #giveUpOnProbes(state: BreakerState & { kind: "half-open" }, nowMs: number): void {
    const hung = state.running.filter((startMs) => nowMs - startMs >= this.policy.probeMs).length;
    if (hung === 0) return;
    // They began in order, so the first ones are the ones that hang.
    state.running.splice(0, hung);
    state.failed += hung;
    this.#decide(state, nowMs);
  }

  #decide(state: BreakerState & { kind: "half-open" }, nowMs: number): void {
    const { probesMax, failureRatioMax, slowRatioMax } = this.policy;
    const enough = (ratio: number) => (ratio > 1 ? 1 : Math.max(1, Math.ceil(probesMax * ratio)));
    if (state.failed >= enough(failureRatioMax)) this.#open(`${state.failed} of ${probesMax} probes failed`, nowMs);
    else if (state.slow >= enough(slowRatioMax)) this.#open(`${state.slow} of ${probesMax} probes were slow`, nowMs);
    else if (state.well + state.failed >= probesMax) this.#close("the probes went well");
  }

  #open(why: string, nowMs: number): void {
    const openMs = Math.min(this.policy.openMs * 2 ** this.#opened, this.policy.openMsMax);
    this.#opened++;
    this.#become({ kind: "open", untilMs: nowMs + openMs }, why);
  }

  #close(why: string): void {
    this.#opened = 0;
    this.#inRow = 0;
    this.#window.clear();
    this.#become({ kind: "closed" }, why);
  }

  #become(state: BreakerState, why: string): void {
    this.#state = state;
    this.#why = why;
    this.#generation++;
    this.#told(state.kind, why);
  }
}
