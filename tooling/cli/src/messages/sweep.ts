/**
 * Doing one thing with many dead letters, one after the other: at a rate, until somebody has had enough.
 *
 * A letter is done, gone (somebody else was faster) or failed. The sweep ends early when it is cancelled, always between two
 * letters, or when the broker is away, as the next ones would fail the same way.
 */
import { asCantleError, type Clock, type Code } from "@cantle/core";
import type { ChosenLetter } from "./letters.ts";

/** What became of one letter. */
export type Swept = ChosenLetter &
  ({ readonly result: "done" | "gone" } | { readonly result: "failed"; readonly code: Code; readonly why: string });

/** How letters are swept. */
export interface Sweeping {
  /** Does it; false when the letter is not there any more. */
  readonly act: (id: string) => Promise<boolean>;
  /** So many begin in a second at most; without it, each begins when the last has ended. */
  readonly perSecondMax?: number | undefined;
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Sweeps; what it does not answer for was not touched. */
export async function* sweep(
  letters: readonly ChosenLetter[],
  { act, perSecondMax = Number.POSITIVE_INFINITY, clock, signal }: Sweeping,
): AsyncGenerator<Swept> {
  const startMs = clock.nowMs();
  for (const [index, letter] of letters.entries()) {
    await pause(startMs + (1_000 * index) / perSecondMax - clock.nowMs(), { clock, signal });
    if (signal.aborted) return;
    const swept = await sweepOne(letter, act);
    yield swept;
    if (swept.result === "failed" && swept.code === "BROKER_UNAVAILABLE") return;
  }
}

async function sweepOne(letter: ChosenLetter, act: Sweeping["act"]): Promise<Swept> {
  try {
    return { ...letter, result: (await act(letter.id)) ? "done" : "gone" };
  } catch (error) {
    const { code, message } = asCantleError(error);
    return { ...letter, result: "failed", code, why: message };
  }
}

/** Resolves after this long, or at once when the signal is given. */
function pause(pauseMs: number, { clock, signal }: Pick<Sweeping, "clock" | "signal">): Promise<void> {
  if (pauseMs <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      timer.cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = clock.after(pauseMs, end);
    signal.addEventListener("abort", end);
  });
}
