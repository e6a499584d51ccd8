/** Makes calls for a while: the loop inside a contestant that is measured by the calls it makes itself. */
import type { Driven } from "./part.ts";

/** How to drive. */
export interface DriveOrder {
  readonly ms: number;
  /** Calls under way at once; with 1, each is timed. */
  readonly inFlight: number;
  /** Calls between two looks at the clock; for calls that cost hardly more than such a look. */
  readonly batch?: number;
}

/** The way to drive `call`. The first failure ends the turn. */
export function driver(call: () => Promise<unknown>): (order: DriveOrder) => Promise<Driven> {
  return async ({ ms, inFlight, batch = 1 }) => {
    const startMs = performance.now();
    const endMs = startMs + ms;
    const timesMs: number[] = [];
    let calls = 0;
    const isTimed = inFlight === 1 && batch === 1;

    async function work(): Promise<void> {
      for (let now = startMs; now < endMs; ) {
        for (let at = 0; at < batch; at++) await call();
        calls += batch;
        const after = performance.now();
        if (isTimed) timesMs.push(after - now);
        now = after;
      }
    }

    await Promise.all(Array.from({ length: inFlight }, work));
    const p50Us = timesMs.sort((a, b) => a - b)[timesMs.length >> 1];
    return {
      calls,
      failed: 0,
      elapsedMs: performance.now() - startMs,
      ...(p50Us !== undefined && { p50Us: p50Us * 1000 }),
    };
  };
}
