/**
 * Waiting for what cannot tell: the end of processes that are not our children.
 * The clock's timers never hold a process alive, so a wait that nothing else holds would end the program silently; here
 * an open port does for as long as the wait lasts.
 */
import { type Clock, delay } from "@cantle/core";

const pollMs = 20;

/** Asks again and again until `condition` is true or `timeoutMs` has passed; answers with whether it came true. */
export async function until(condition: () => boolean, clock: Clock, timeoutMs: number): Promise<boolean> {
  const deadlineMs = clock.nowMs() + timeoutMs;
  return whileHeld(async () => {
    while (!condition()) {
      if (clock.nowMs() >= deadlineMs) return false;
      await delay(clock, pollMs);
    }
    return true;
  });
}

/** Runs `work`, and keeps the process alive while it does. */
export async function whileHeld<T>(work: () => Promise<T>): Promise<T> {
  const { port1 } = new MessageChannel();
  port1.ref();
  try {
    return await work();
  } finally {
    port1.close();
  }
}
