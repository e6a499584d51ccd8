/**
 * An instance's side of being watched: every `beatMs` it says that its event loop turns, and how loaded it is. The beat is a
 * timer of the very loop that it vouches for; a loop that is blocked says nothing.
 */
import process from "node:process";
import type { Clock, Timer } from "@cantle/core";
import { type CallCounts, type LoadReport, latencyBuckets } from "./load.ts";
import type { ChildMessage } from "./protocol.ts";

/** What a beat needs. */
export interface BeatSetting {
  readonly clock: Clock;
  readonly beatMs: number;
  readonly counts: () => CallCounts & Partial<LoadReport>;
  /** Resolves when the message is out; until then nothing more is said, so that a supervisor that does not read costs nothing. */
  readonly tell: (message: ChildMessage) => Promise<void>;
}

/** Beats, the first time at once, until the returned timer is cancelled. */
export function startBeat({ clock, beatMs, counts, tell }: BeatSetting): Timer {
  let timer: Timer;
  let stopped = false;
  const beat = () => {
    const load = { ...processLoad(clock), ...counts() };
    void tell({ kind: "load", load, debugged: isDebugged() }).then(() => {
      if (!stopped) timer = clock.after(beatMs, beat);
    });
  };
  timer = clock.after(0, beat);
  return {
    cancel() {
      stopped = true;
      timer.cancel();
    },
  };
}

/** Of a program that counts no calls. */
export const noCalls: CallCounts = {
  inFlight: 0,
  calls: 0,
  failedCalls: 0,
  latencies: new Array<number>(latencyBuckets).fill(0),
};

function processLoad(clock: Clock): Omit<LoadReport, keyof CallCounts> {
  const { user, system } = process.cpuUsage();
  const { active, idle } = performance.eventLoopUtilization();
  return {
    takenMs: clock.nowMs(),
    cpuMs: (user + system) / 1000,
    loopBusyMs: active,
    loopIdleMs: idle,
    memoryBytes: process.memoryUsage.rss(),
  };
}

/** True while a debugger may stop the process at any line. */
function isDebugged(): boolean {
  return process.getBuiltinModule("node:inspector").url() !== undefined;
}
