/**
 * An event loop in virtual time: what has come is taken up in one turn, one after the other, and timers wait for the turn to end.
 * Time passes only by work, and by waiting for the next thing when there is none.
 */
import type { Clock } from "@cantle/core";

interface Task {
  readonly atMs: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** A thread and its event loop. */
export class EventLoop {
  #nowMs = 0;
  #timers: Task[] = [];
  #events: Task[] = [];

  readonly clock: Clock = {
    wallMs: () => this.#nowMs,
    nowMs: () => this.#nowMs,
    after: (delayMs, run) => {
      const timer = put(this.#timers, this.#nowMs + delayMs, run);
      return {
        cancel: () => {
          timer.isCancelled = true;
        },
      };
    },
  };

  /** Uses the thread for so long; nothing else happens meanwhile. */
  work(ms: number): void {
    this.#nowMs += ms;
  }

  /** Something that will come from outside. */
  expect(atMs: number, run: () => void): void {
    put(this.#events, atMs, run);
  }

  /** Resolves after a time in a later turn, as what comes from elsewhere does. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.expect(this.#nowMs + ms, resolve));
  }

  /** Turns of the loop until then: what has come, all of it, then the timers that are due. */
  async runUntil(endMs: number): Promise<void> {
    while (this.#nowMs < endMs) {
      await this.#turn(this.#events);
      await this.#turn(this.#timers);
      const nextMs = Math.min(endMs, this.#events[0]?.atMs ?? endMs, this.#timers[0]?.atMs ?? endMs);
      this.#nowMs = Math.max(this.#nowMs, nextMs);
    }
  }

  async #turn(tasks: Task[]): Promise<void> {
    const later = tasks.findIndex(({ atMs }) => atMs > this.#nowMs);
    for (const task of tasks.splice(0, later < 0 ? tasks.length : later)) {
      if (task.isCancelled) continue;
      task.run();
      await settled();
    }
  }
}

/** Keeps tasks in the order of their time; most come last. */
function put(tasks: Task[], atMs: number, run: () => void): Task {
  const task = { atMs, run, isCancelled: false };
  const before = tasks.findLastIndex((each) => each.atMs <= atMs);
  tasks.splice(before + 1, 0, task);
  return task;
}

/** Lets promises settle; no time passes. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await undefined;
}
