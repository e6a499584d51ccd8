/**
 * How well a program is, as a pure machine: `(state, look, now) → state + action`.
 *
 *     starting ──well──▶ well ──missesMax looks in vain──▶ unwell ──well──▶ well
 *        └── startMsMax without one that is well ──▶ give up
 *
 * One look that fails is a hiccup; taking a program out of traffic for it would do more harm than the hiccup. One look that
 * succeeds is enough to come back: whoever calls finds out soon enough, and may try another instance.
 *
 * It never ends a program that has been well: what ails it may be a database that comes back.
 */

/** How a program is. */
export type Health =
  | { readonly kind: "starting"; readonly sinceMs: number }
  | { readonly kind: "well"; readonly misses: number }
  | { readonly kind: "unwell" };

/** What is to be done. */
export type HealthAction = "none" | "show" | "hide" | "give-up";

/** The figures. */
export interface HealthLimits {
  /** How long a program may take until it is well for the first time. */
  readonly startMsMax: number;
  /** How many looks in a row may be in vain before it is out of traffic. */
  readonly missesMax: number;
}

/** Below the supervisor's own patience of 30 s, so that the error says what was looked for. */
export const healthLimits: HealthLimits = Object.freeze({ startMsMax: 25_000, missesMax: 3 });

/** A look at the program: was it well, and when. */
export interface Look {
  readonly well: boolean;
  readonly nowMs: number;
}

/** Decides. */
export function nextHealth(
  state: Health,
  { well, nowMs }: Look,
  { startMsMax, missesMax } = healthLimits,
): { readonly state: Health; readonly action: HealthAction } {
  if (well) return { state: { kind: "well", misses: 0 }, action: state.kind === "well" ? "none" : "show" };
  switch (state.kind) {
    case "starting":
      return { state, action: nowMs - state.sinceMs >= startMsMax ? "give-up" : "none" };
    case "well":
      return state.misses + 1 < missesMax
        ? { state: { kind: "well", misses: state.misses + 1 }, action: "none" }
        : { state: { kind: "unwell" }, action: "hide" };
    case "unwell":
      return { state, action: "none" };
  }
}
