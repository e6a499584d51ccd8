/**
 * When to start an instance again, as a pure machine.
 *
 *     stopped ──start──▶ starting ──ready──▶ ready
 *        ▲                 ▲   │ ended         │ ended
 *        │                 │due▼               ▼
 *      stop            backing-off ◀───────────┘        ended, and a restart cannot mend it ──▶ failed ──start──▶ starting
 *
 * The n-th crash in a row waits a random time below min(maxMs, firstMs · 2ⁿ⁻¹) (full jitter: instances that fell
 * together do not come back together). An instance that stayed ready for `steadyMs` starts counting anew.
 * The machine never gives up on what a restart may mend: a database that comes back after an hour finds its services.
 */
import type { Random } from "@cantle/core";

/** The figures of the policy. */
export interface BackOff {
  /** The bound of the first wait. */
  readonly firstMs: number;
  /** The bound of every wait. */
  readonly maxMs: number;
  /** How long an instance must have been ready for its crashes to be forgotten. */
  readonly steadyMs: number;
  /** From how many crashes in a row it is called a crash loop. */
  readonly crashLoopMin: number;
}

/** What runs where nothing else is asked for. */
export const defaultBackOff: BackOff = { firstMs: 100, maxMs: 30_000, steadyMs: 10_000, crashLoopMin: 3 };

/** Where an instance stands; `crashes` counts those in a row. */
export type RestartState =
  | { readonly kind: "stopped" }
  | { readonly kind: "starting"; readonly crashes: number }
  | { readonly kind: "ready"; readonly crashes: number; readonly sinceMs: number }
  | { readonly kind: "backing-off"; readonly crashes: number; readonly untilMs: number }
  | { readonly kind: "failed" };

/** What happened. */
export type RestartEvent =
  /** Somebody asked for it. */
  | { readonly kind: "start" }
  | { readonly kind: "stop" }
  /** A process of it runs already; whether it is ready, it will say. */
  | { readonly kind: "adopt" }
  /** Its process became ready, or a ready one took its place. */
  | { readonly kind: "ready" }
  | { readonly kind: "ended"; readonly mendable: boolean }
  /** The wait is over. */
  | { readonly kind: "due" };

/** What is to be done. */
export type RestartAction =
  | { readonly kind: "none" }
  | { readonly kind: "spawn" }
  | { readonly kind: "wait"; readonly delayMs: number };

/** When and by which figures it is decided. */
export interface RestartSetting {
  readonly nowMs: number;
  readonly random: Random;
  readonly backOff: BackOff;
}

/** A decision. */
export interface RestartStep {
  readonly state: RestartState;
  readonly action: RestartAction;
}

/** Decides. */
export function restartPolicy(state: RestartState, event: RestartEvent, setting: RestartSetting): RestartStep {
  switch (event.kind) {
    case "start":
      return state.kind === "starting" || state.kind === "ready" ? stay(state) : spawn(0);
    case "stop":
      return stay({ kind: "stopped" });
    case "adopt":
      return stay(state.kind === "stopped" ? { kind: "starting", crashes: 0 } : state);
    case "due":
      return state.kind === "backing-off" ? spawn(state.crashes) : stay(state);
    case "ready":
      return state.kind === "stopped"
        ? stay(state)
        : stay({ kind: "ready", crashes: crashesOf(state), sinceMs: setting.nowMs });
    case "ended":
      if (state.kind !== "starting" && state.kind !== "ready") return stay(state);
      return event.mendable ? wait(state, setting) : stay({ kind: "failed" });
  }
}

/** True while an instance keeps crashing. */
export function isCrashLoop(state: RestartState, backOff: BackOff): boolean {
  return state.kind !== "ready" && crashesOf(state) >= backOff.crashLoopMin;
}

function crashesOf(state: RestartState): number {
  return state.kind === "stopped" || state.kind === "failed" ? 0 : state.crashes;
}

function stay(state: RestartState): RestartStep {
  return { state, action: { kind: "none" } };
}

function spawn(crashes: number): RestartStep {
  return { state: { kind: "starting", crashes }, action: { kind: "spawn" } };
}

function wait(state: RestartState, { nowMs, random, backOff }: RestartSetting): RestartStep {
  const steady = state.kind === "ready" && nowMs - state.sinceMs >= backOff.steadyMs;
  const crashes = steady ? 1 : crashesOf(state) + 1;
  const delayMs = Math.floor(random.next() * Math.min(backOff.maxMs, backOff.firstMs * 2 ** (crashes - 1)));
  return { state: { kind: "backing-off", crashes, untilMs: nowMs + delayMs }, action: { kind: "wait", delayMs } };
}
