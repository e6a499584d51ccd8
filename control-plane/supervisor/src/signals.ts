/**
 * What Ctrl-C means to a supervisor: once drains, twice kills.
 *
 * One press can arrive twice: the terminal signals the whole foreground group, and `npm` passes on to its child what it
 * got as well. Signals closer together than `echoMs` are therefore one.
 */
import type { Clock } from "@cantle/core";
import type { Supervisor } from "./supervisor.ts";

/** Below this two signals are one; nobody presses twice as fast on purpose. */
const echoMs = 150;

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Where signals come from: `process`. */
export interface SignalSource {
  on(name: NodeJS.Signals, listener: () => void): unknown;
  off(name: NodeJS.Signals, listener: () => void): unknown;
}

/** Stops the supervisor on the first signal and kills on the second, until the returned function is called. */
export function stopOnSignals(
  supervisor: Pick<Supervisor, "stop" | "kill">,
  source: SignalSource,
  clock: Clock,
): () => void {
  let firstMs: number | undefined;
  const onSignal = () => {
    if (firstMs === undefined) {
      firstMs = clock.nowMs();
      void supervisor.stop();
    } else if (clock.nowMs() - firstMs >= echoMs) {
      void supervisor.kill();
    }
  };
  for (const name of signals) source.on(name, onSignal);
  return () => {
    for (const name of signals) source.off(name, onSignal);
  };
}
