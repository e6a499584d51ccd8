/**
 * What an instance has served, counted where calls come in from other processes: at its doors, and at the gateway's way out.
 * Calls within the process are a part of those, and are not counted again.
 *
 * It is on the way of every call, so it is cheap: counters, and a look at the clock only for as many calls a second as a
 * distribution needs. A stream counts as answered when its reply begins. How many are in flight swings from moment to moment, so
 * that is looked at ten times a second, and the mean is told.
 */
import type { Call, Clock, Handler } from "@cantle/core";
import { isFault } from "@cantle/mesh";
import { type CallCounts, latencyBucketOf, latencyBuckets } from "@cantle/supervisor/child";
import type { Served } from "@cantle/transport";

/** Counts calls. */
export interface LoadMeter {
  /** The same operation, counted. */
  served(each: Served): Served;
  /** The same handler, counted. */
  metered(handle: Handler): Handler;
  /** All there was since the start. */
  readonly counts: () => CallCounts;
}

/** How many calls are timed one by one between two looks at the counts; of the others one in `sampleEvery`. */
const timedMax = 256;
const sampleEvery = 16;
const lookMs = 100;

/** A meter at nothing. */
export function createLoadMeter(clock: Clock): LoadMeter {
  const latencies = new Array<number>(latencyBuckets).fill(0);
  let inFlight = 0;
  let calls = 0;
  let failedCalls = 0;
  let timed = 0;
  let looks = 0;
  let inFlightSeen = 0;

  function look(): void {
    looks++;
    inFlightSeen += inFlight;
    clock.after(lookMs, look);
  }
  clock.after(lookMs, look);

  const isTimed = () => timed < timedMax || calls % sampleEvery === 0;
  const ended = (startMs: number) => {
    inFlight--;
    calls++;
    if (startMs < 0) return;
    timed++;
    const bucket = latencyBucketOf(clock.nowMs() - startMs);
    latencies[bucket] = (latencies[bucket] as number) + 1;
  };

  const measured =
    (handle: Handler): Handler =>
    (call: Call) => {
      const startMs = isTimed() ? clock.nowMs() : -1;
      inFlight++;
      const replied = handle(call);
      // What the caller gets is the handler's own promise: a second one would cost it a turn.
      replied.then(
        () => ended(startMs),
        (error: unknown) => {
          ended(startMs);
          if (isFault(error)) failedCalls++;
        },
      );
      return replied;
    };

  return {
    served: ({ operation, handle }) => ({ operation, handle: measured(handle) }),
    metered: measured,
    counts() {
      const mean = looks === 0 ? inFlight : Math.round((100 * inFlightSeen) / looks) / 100;
      [timed, looks, inFlightSeen] = [0, 0, 0];
      return { inFlight: mean, calls, failedCalls, latencies: [...latencies] };
    },
  };
}

/** A handler that is counted where there is a meter. */
export function metered(handle: Handler, meter: LoadMeter | undefined): Handler {
  return meter === undefined ? handle : meter.metered(handle);
}
