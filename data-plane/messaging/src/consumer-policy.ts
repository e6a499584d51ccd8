/** How a consumer takes messages: how many, how long, how often. */
import { CantleError } from "@cantle/core";

/** The pauses between deliveries of one message. */
export interface BackOff {
  /** Before the second delivery: a random part of this, ms. Default 200. */
  readonly firstMs: number;
  /** Doubled for each further delivery, to this at most, ms. Default 60,000. Too low hammers what is down; too high leaves work waiting after it is up. */
  readonly maxMs: number;
}

/** What may be said of one consumer. */
export interface ConsumerPolicy {
  /** How many messages this process handles at once; also how many it holds. Default 16. Too low waits for input and output; too high overruns what handlers call. */
  readonly concurrency: number;
  /** How often a message is delivered before it goes to the dead letters. Default 10: some 50 seconds with the default back-off. */
  readonly deliveriesMax: number;
  /**
   * How long a message is this process's alone unless it says that it goes on, ms; said at a third of it. Default 30,000. Shorter finds the dead sooner;
   * too short for a pause of the event loop makes one message be handled twice.
   */
  readonly leaseMs: number;
  readonly backOff: BackOff;
}

/** The policy where nothing else is said. */
export const consumerPolicyDefault: ConsumerPolicy = Object.freeze({
  concurrency: 16,
  deliveriesMax: 10,
  leaseMs: 30_000,
  backOff: Object.freeze({ firstMs: 200, maxMs: 60_000 }),
});

/** What is written, over the defaults. Throws `CONFIG_INVALID` with the place of the first mistake below `place`. */
export function consumerPolicyOf(written: Partial<ConsumerPolicy> | undefined, place: string): ConsumerPolicy {
  const policy = { ...consumerPolicyDefault, ...defined(written ?? {}) };
  const { concurrency, deliveriesMax, leaseMs, backOff } = policy;
  const bounds: readonly [string, number, Bounds][] = [
    ["concurrency", concurrency, { min: 1, max: 10_000, whole: true }],
    ["deliveriesMax", deliveriesMax, { min: 1, max: 1_000, whole: true }],
    ["leaseMs", leaseMs, { min: 1_000, max: 43_200_000, whole: false }],
    ["backOff.firstMs", backOff.firstMs, { min: 0, max: 86_400_000, whole: false }],
    ["backOff.maxMs", backOff.maxMs, { min: backOff.firstMs, max: 86_400_000, whole: false }],
  ];
  for (const [name, value, { min, max, whole }] of bounds) {
    const fits = typeof value === "number" && value >= min && value <= max && (!whole || Number.isInteger(value));
    if (fits) continue;
    throw new CantleError("CONFIG_INVALID", `'${name}' of a consumer is ${value}`, {
      place: `${place}.${name}`,
      help: `write ${whole ? "a whole number" : "a number"} from ${min} to ${max}`,
    });
  }
  return policy;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

/** Without the members that are undefined, which would hide a default. */
function defined(written: Partial<ConsumerPolicy>): Partial<ConsumerPolicy> {
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}
