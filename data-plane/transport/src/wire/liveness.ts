/**
 * Is the other side still there? A pure machine, asked once per `pingEveryMs`.
 *
 * It counts quiet rounds instead of measuring silence: a round passes only when this process's event loop has turned, so a
 * process that was stopped or blocked itself does not find all its peers dead when it goes on. A peer whose event loop is
 * blocked for a while answers its pings late and is not dead either.
 */

/** What to do at the end of a round. */
export type LivenessAction = "wait" | "ping" | "dead";

/** How often a peer was asked in vain. */
export interface Liveness {
  readonly missed: number;
}

/** The state of a connection that just opened. */
export const alive: Liveness = Object.freeze({ missed: 0 });

/** One round is over; `heard` says whether anything arrived in it. */
export function liveness(
  state: Liveness,
  round: { readonly heard: boolean; readonly pingsMissedMax: number },
): { readonly state: Liveness; readonly action: LivenessAction } {
  if (round.heard) return { state: alive, action: "wait" };
  if (state.missed >= round.pingsMissedMax) return { state, action: "dead" };
  return { state: { missed: state.missed + 1 }, action: "ping" };
}
