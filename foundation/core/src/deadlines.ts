/**
 * The timer wheel: thousands of deadlines on one coarse timer.
 *
 * A timer per call costs more than the call. Here a deadline is a link in the list of its slot of `tickMs`; one timer runs
 * while there are deadlines and none when there are not. A deadline is never early, and at most `tickMs` (plus what the
 * event loop is late) late.
 */
import type { Clock, Timer } from "./clock.ts";

/** Something with a deadline. Made by whoever waits; linked and unlinked without allocating anything. */
export abstract class Deadline {
  /** The neighbours in the slot's list; for the wheel alone. */
  earlier: Deadline | undefined;
  later: Deadline | undefined;
  slot: Slot | undefined;
  /** Called once, when the deadline has passed. */
  abstract expire(): void;
}

/** The deadlines of one tick. */
export interface Slot {
  last: Deadline | undefined;
}

/** A set of pending deadlines. */
export interface Deadlines {
  /** Expires `deadline` once `atMs` (monotonic) has passed. */
  add(deadline: Deadline, atMs: number): void;
  /** Takes it back; harmless when it expired or was taken back already. */
  remove(deadline: Deadline): void;
}

/** A wheel on a clock; `tickMs` (default 10) is how late a deadline may be. */
export function createDeadlines(clock: Clock, tickMs = 10): Deadlines {
  const slots = new Map<number, Slot>();
  let armed = Number.POSITIVE_INFINITY;
  let timer: Timer | undefined;

  /** Sees to it that the timer runs when this slot is due, or earlier. */
  function arm(number: number): void {
    if (number >= armed) return;
    timer?.cancel();
    armed = number;
    timer = clock.after(Math.max(0, number * tickMs - clock.nowMs()), tick);
  }

  function tick(): void {
    armed = Number.POSITIVE_INFINITY;
    const passed = Math.floor(clock.nowMs() / tickMs);
    for (const [number, slot] of slots) {
      if (number > passed) continue;
      slots.delete(number);
      for (let due = slot.last; due !== undefined; due = slot.last) {
        unlink(due);
        due.expire();
      }
    }
    // A slot whose deadlines were all taken back stays until its time: at most one a tick of the longest deadline.
    if (slots.size > 0) arm(Math.min(...slots.keys()));
  }

  function open(number: number): Slot {
    const slot: Slot = { last: undefined };
    slots.set(number, slot);
    arm(number);
    return slot;
  }

  return {
    add(deadline, atMs) {
      const number = Math.ceil(atMs / tickMs);
      const slot = slots.get(number) ?? open(number);
      deadline.slot = slot;
      deadline.earlier = slot.last;
      if (slot.last !== undefined) slot.last.later = deadline;
      slot.last = deadline;
    },
    remove: unlink,
  };
}

function unlink(deadline: Deadline): void {
  const { slot, earlier, later } = deadline;
  if (slot === undefined) return;
  if (later === undefined) slot.last = earlier;
  else later.earlier = earlier;
  if (earlier !== undefined) earlier.later = later;
  deadline.slot = undefined;
  deadline.earlier = undefined;
  deadline.later = undefined;
}
