/** How long tokens live. None may outlive its key: `keepMs` of the rotation is the longest of these. */
import { CantleError, durationMs } from "@cantle/core";

/** Lifetimes by kind, ms. */
export interface Lifetimes {
  /** A user token whose login said nothing; 1 hour. */
  readonly userMs: number;
  /** The longest user token; 24 hours. A token cannot be called back, so this is how long a dismissed user stays in. */
  readonly userMsMax: number;
  /** A caller assertion; 5 minutes. Shorter asks the issuer more often, longer keeps a signed-out user inside. */
  readonly callerMs: number;
  /** From the spawn of a unit to the last moment it may come for its own token again; 24 hours. */
  readonly bootstrapMs: number;
  /** A unit token; 4 hours, renewed after a quarter of them: the issuer may be away for three hours and nobody notices. */
  readonly unitMs: number;
}

const minuteMs = 60_000;

/** The lifetimes of the embedded issuer. */
export const lifetimesDefault: Lifetimes = Object.freeze({
  userMs: 60 * minuteMs,
  userMsMax: 1440 * minuteMs,
  callerMs: 5 * minuteMs,
  bootstrapMs: 1440 * minuteMs,
  unitMs: 240 * minuteMs,
});

/** Throws `CONFIG_INVALID` where a token could outlive the key that signed it. */
export function checkLifetimes(lifetimes: Lifetimes, keepMs: number): void {
  const longest = Math.max(...Object.values(lifetimes));
  if (Object.values(lifetimes).every((ms) => Number.isSafeInteger(ms) && ms >= 1000) && longest <= keepMs) return;
  throw new CantleError("CONFIG_INVALID", "tokens cannot live this long", {
    place: "identity.lifetimes",
    help: `each is between 1,000 ms and the rotation's keepMs, ${keepMs}`,
  });
}

/** The life of a user token that asked for `ttl`. Throws `INPUT_INVALID` for one that is out of bounds. */
export function userLifeMs(ttl: string | undefined, lifetimes: Lifetimes): number {
  const ms = ttl === undefined ? lifetimes.userMs : durationMs(ttl);
  if (ms >= 1000 && ms <= lifetimes.userMsMax) return ms;
  throw new CantleError("INPUT_INVALID", "a token cannot live this long, or this short", {
    errors: { ttl: [`from 1s to ${lifetimes.userMsMax / 1000}s`] },
  });
}
