/** Things that start in order and stop in reverse order. */

/** Something that was started and can be stopped; stopping twice is the same as once. */
export interface Running {
  stop(): Promise<void>;
}

/** A stack of what was started. */
export interface Started extends Running {
  /** Remembers what to do on stop; the last one added is done first. */
  add(stop: () => void | Promise<void>): void;
}

/**
 * Collects what a start made, so that a failure half way undoes exactly what was done.
 * Every stop is attempted; what failed is thrown together at the end, as an AggregateError when there are several.
 */
export function createStarted(): Started {
  const stops: (() => void | Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  async function run(): Promise<void> {
    const failures: unknown[] = [];
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) {
      try {
        await stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, "several parts failed to stop");
  }
  return {
    add: (stop) => void stops.push(stop),
    stop: () => (stopping ??= run()),
  };
}
