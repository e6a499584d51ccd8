/**
 * A virtual clock for simulations in which everything that waits is a promise. Core's own lets sockets and files settle after
 * each timer, which takes a millisecond; here one turn of the event loop's check phase does, and minutes of a system pass in a
 * moment.
 */
import { setImmediate } from "node:timers/promises";
import type { VirtualClock } from "@cantle/core";

/** Makes one; it begins at 0. */
export function promiseClock(): VirtualClock {
  let nowMs = 0;
  let sequence = 0;
  const timers = new Set<{ readonly atMs: number; readonly order: number; readonly task: () => void }>();

  function takeNext(untilMs: number) {
    let next: { readonly atMs: number; readonly order: number; readonly task: () => void } | undefined;
    for (const timer of timers) {
      if (timer.atMs > untilMs) continue;
      if (next === undefined || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order))
        next = timer;
    }
    if (next !== undefined) timers.delete(next);
    return next;
  }

  return {
    wallMs: () => 1_700_000_000_000 + nowMs,
    nowMs: () => nowMs,
    after(delayMs, task) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), order: sequence++, task };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      await setImmediate();
      for (let timer = takeNext(untilMs); timer !== undefined; timer = takeNext(untilMs)) {
        nowMs = Math.max(nowMs, timer.atMs);
        timer.task();
        await setImmediate();
      }
      nowMs = untilMs;
    },
  };
}
