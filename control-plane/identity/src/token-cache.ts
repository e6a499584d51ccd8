/**
 * What verified tokens said, until they expire: proving a signature costs a hundred times what the rest of a call does.
 *
 * Keyed by the whole token (a hash or a part of it could be another token's), one cache for each kind. Bounded: the oldest
 * entry makes room. An entry is never given out at or after its `exp`, nor after a key was withdrawn (`generation`).
 */

/** One cache. */
export interface TokenCache<V> {
  get(token: string, now: { wallMs: number; generation: number }): V | undefined;
  set(token: string, entry: CachedToken<V>): void;
  readonly size: number;
}

/** What is kept of a token. */
export interface CachedToken<V> {
  readonly value: V;
  /** Wall ms, from the token itself. */
  readonly expiresMs: number;
  /** Of the key set, when the token was verified. */
  readonly generation: number;
}

/** Makes one of at most `tokensMax` entries. */
export function createTokenCache<V>(tokensMax: number): TokenCache<V> {
  const entries = new Map<string, CachedToken<V>>();
  return {
    get(token, { wallMs, generation }) {
      const entry = entries.get(token);
      if (entry === undefined) return undefined;
      if (wallMs < entry.expiresMs && entry.generation === generation) return entry.value;
      entries.delete(token);
      return undefined;
    },
    set(token, entry) {
      entries.delete(token);
      if (entries.size >= tokensMax) entries.delete(entries.keys().next().value as string);
      entries.set(token, entry);
    },
    get size() {
      return entries.size;
    },
  };
}
