/**
 * Time as an argument. Nothing but this file reads the machine's clock or sets a timer; everything else takes a `Clock`,
 * so a whole system can run on a `virtualClock` from a test.
 */

/** A pending timer. */
export interface Timer {
  cancel(): void;
}

/** Where time comes from. */
export interface Clock {
  /** Wall time in ms since 1970; may jump. For showing and storing, never for measuring. */
  wallMs(): number;
  /** Monotonic time in ms from an arbitrary origin. For deadlines, leases and durations. */
  nowMs(): number;
  /** Runs `task` once after `delayMs`. A timer never keeps a process alive by itself. */
  after(delayMs: number, task: () => void): Timer;
}

/** Looked up once: the global is an accessor, which costs a third of a reading. */
const { performance } = globalThis;

/** The machine's own clock. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  nowMs: () => performance.now(),
  after(delayMs, task) {
    let handle: unknown;
    const wait = (leftMs: number): void => {
      const far = leftMs > timerMsMax;
      handle = setTimeout(() => (far ? wait(leftMs - timerMsMax) : task()), far ? timerMsMax : leftMs);
      // Browsers answer with a number, Node with an object that can be told not to hold the process.
      if (typeof handle === "object") (handle as { unref(): void }).unref();
    };
    wait(delayMs);
    return { cancel: () => clearTimeout(handle as number) };
  },
};

/** A timer set for longer than this (24.8 days) would run at once: the platform counts in 32 bits. */
const timerMsMax = 2 ** 31 - 1;

/** Resolves after `delayMs` of the clock's time. */
export function delay(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.after(delayMs, resolve));
}

/** Resolves when `done` does, and at the latest after `delayMs`; rejects as it does. */
export async function within(clock: Clock, delayMs: number, done: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = clock.after(delayMs, late.resolve);
  try {
    await Promise.race([done, late.promise]);
  } finally {
    timer.cancel();
  }
}

/** A clock that only moves when told to. */
export interface VirtualClock extends Clock {
  /** Moves time on, running due timers in order and letting promises settle after each. */
  advance(ms: number): Promise<void>;
}

/** A clock for tests and simulations; starts at 0, its wall at `wallMs`. */
export function virtualClock(wallMs = 1_700_000_000_000): VirtualClock {
  let now = 0;
  let sequence = 0;
  const timers = new Set<{ at: number; order: number; task: () => void }>();
  const due = (until: number) =>
    [...timers].filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0];
  return {
    wallMs: () => wallMs + now,
    nowMs: () => now,
    after(delayMs, task) {
      const timer = { at: now + Math.max(0, delayMs), order: sequence++, task };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let timer = due(until); timer !== undefined; timer = due(until)) {
        timers.delete(timer);
        now = Math.max(now, timer.at);
        timer.task();
        await settle();
      }
      now = until;
    },
  };
}

/** Lets everything that is already resolved run, through a turn of the event loop. */
function settle(): Promise<void> {
  return new Promise((resolve) => void (globalThis.setImmediate ?? setTimeout)(resolve));
}
