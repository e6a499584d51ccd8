/**
 * Verified tokens, remembered until they expire: proving a signature costs a hundred times what the rest of a call does.
 *
 * For verifiers that do not remember by themselves. Keyed by the whole token, because a hash or a part of it could be
 * another's. Bounded: the oldest entry makes room. How long a token is good is measured on the monotonic clock, so a wall
 * clock that jumps neither revives an expired token nor drops them all; and nothing is remembered longer than
 * `rememberMsMax`, so a key that was withdrawn is gone after that.
 *
 * Bad tokens are not remembered: one that is not valid yet may become so.
 */
import type { Caller, Clock } from "@cantle/core";
import type { Tokens } from "./tokens.ts";

/** A user, and until when the token says so. */
export interface VerifiedToken {
  readonly caller: Caller;
  /** Wall ms: the earlier end of the token and of the caller's assertion. */
  readonly expiresMs: number;
}

/** Options of a cache. */
export interface TokenCacheOptions {
  readonly clock: Clock;
  /** Proves a token. Throws `UNAUTHENTICATED` for a bad one. */
  readonly prove: (token: string) => VerifiedToken | Promise<VerifiedToken>;
  /** Tokens that are remembered; default 4,096 (some 4 MiB). */
  readonly tokensMax?: number;
  /** How long at most; default 60 s. Longer keeps withdrawn tokens good for longer, shorter proves more often. */
  readonly rememberMsMax?: number;
}

/** Tokens that are proven once and then remembered. */
export function cachedTokens(options: TokenCacheOptions): Tokens & { readonly size: number } {
  const { clock, prove, tokensMax = 4_096, rememberMsMax = 60_000 } = options;
  const entries = new Map<string, { readonly caller: Caller; readonly untilMs: number }>();

  function remember(token: string, { caller, expiresMs }: VerifiedToken): Caller {
    const leftMs = Math.min(expiresMs - clock.wallMs(), rememberMsMax);
    if (!(leftMs > 0)) return caller;
    entries.delete(token);
    if (entries.size >= tokensMax) entries.delete(entries.keys().next().value as string);
    entries.set(token, { caller, untilMs: clock.nowMs() + leftMs });
    return caller;
  }

  return {
    verify(token) {
      const entry = entries.get(token);
      if (entry !== undefined) {
        if (clock.nowMs() < entry.untilMs) return entry.caller;
        entries.delete(token);
      }
      const proven = prove(token);
      return proven instanceof Promise ? proven.then((known) => remember(token, known)) : remember(token, proven);
    },
    get size() {
      return entries.size;
    },
  };
}
