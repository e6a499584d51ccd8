/**
 * Whether an instance stalled, as a pure machine: its event loop does not turn any more, and only a new process helps.
 *
 *     unheard ──heard──▶ watched ──(stalledAfterMs without a word)──▶ stalled
 *                         │  ▲
 *                  heard, │  │ heard, not debugged
 *                debugged ▼  │
 *                        exempt                  a debugger may hold it for as long as somebody thinks
 *
 * Silence is counted in ticks of the supervisor's own. A tick that comes late counts nothing: then it was us who did not
 * listen, and what was said meanwhile waits to be read. So neither our own stall nor a machine that slept condemns anybody.
 *
 * A program that never reports is never watched. One that is slow but says something now and then is slow, not dead.
 */

/** How long an instance may say nothing where its spec does not say otherwise. Shorter takes slow ones for dead. */
export const stalledAfterMsDefault = 10_000;
/** How often an instance reports, at the least. */
const beatMsMax = 1_000;
/** How many reports must be missing, at the least: a `stalledAfterMs` below four seconds asks for more of them. */
const beatsPerStall = 4;
/** A tick that took longer than this many of them was late. */
const lateFactor = 1.5;

/** How often an instance reports and its supervisor looks, ms. */
export function beatMsOf(stalledAfterMs: number): number {
  return Math.min(beatMsMax, stalledAfterMs / beatsPerStall);
}

/** What is known of an instance. */
export type StallState =
  | { readonly kind: "unheard" }
  | { readonly kind: "watched"; readonly silentMs: number; readonly tickedMs: number }
  | { readonly kind: "exempt" }
  | { readonly kind: "stalled" };

/** What happened. */
export type StallEvent = { readonly kind: "heard"; readonly debugged: boolean } | { readonly kind: "tick" };

/** When, and by which figures it is decided. */
export interface StallSetting {
  readonly nowMs: number;
  readonly tickMs: number;
  readonly stalledAfterMs: number;
}

/** Decides; an instance is to be ended when the state becomes `stalled`. */
export function stallWatch(state: StallState, event: StallEvent, setting: StallSetting): StallState {
  const { nowMs, tickMs, stalledAfterMs } = setting;
  if (state.kind === "stalled") return state;
  if (event.kind === "heard") {
    if (event.debugged) return { kind: "exempt" };
    return { kind: "watched", silentMs: 0, tickedMs: state.kind === "watched" ? state.tickedMs : nowMs };
  }
  if (state.kind !== "watched") return state;
  const tookMs = nowMs - state.tickedMs;
  const silentMs = state.silentMs + (tookMs > tickMs * lateFactor ? 0 : tookMs);
  return silentMs >= stalledAfterMs ? { kind: "stalled" } : { kind: "watched", silentMs, tickedMs: nowMs };
}
