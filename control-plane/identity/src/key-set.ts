/**
 * A verifier's copy of an issuer's public keys.
 *
 * Invariants
 * K1 The issuer is asked at most once per `cooldownMs`, whatever tokens arrive: 1,000 unknown key ids cost one fetch.
 *    (While no key is known at all, as at the start, nothing can be verified, and it is asked every 250 ms.)
 * K2 While the issuer is away, or answers without any key, the keys that are known go on.
 * K3 The copy is renewed every `refreshMs`, so a key that the issuer withdrew is gone here that much later at most
 *    (as long as the issuer answers). `generation` then moves, and what was verified before is verified anew.
 * K4 A key set belongs to one issuer: another issuer's key of the same id is in another set.
 */
import { CantleError, type Clock } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import { type CryptoKey, importJWK, type JWK } from "jose";

/** Where public keys come from: the `keys` operation, or a ring in this process. */
export type KeySource = () => Promise<unknown>;

/** A copy of the keys. */
export interface KeySet {
  /** The key of that id. Asks the issuer when it is not known and may be asked. */
  find(kid: string): Promise<CryptoKey | undefined>;
  /** Starts a renewal in the background when one is due. Costs a comparison otherwise. */
  freshen(): void;
  /** Moves when a known key went or changed. */
  readonly generation: number;
}

/** What a key set needs. */
export interface KeySetOptions {
  readonly source: KeySource;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default 5 s. Shorter lets forged tokens press the issuer, longer makes a new key wait. */
  readonly cooldownMs?: number;
  /** Default 5 min; well under the hour for which a key is published before it signs. */
  readonly refreshMs?: number;
}

/** The shape of the key ids that this platform makes, or that an issuer might reasonably. Others are never looked for. */
export const kidShape = /^[A-Za-z0-9_-]{1,64}$/;

const keysMax = 64;
const firstMs = 250;

interface Known {
  readonly key: CryptoKey;
  readonly point: string;
}

/** Makes an empty set; the first use fetches. */
export function createKeySet(options: KeySetOptions): KeySet {
  const { source, clock, log, cooldownMs = 5_000, refreshMs = 300_000 } = options;
  let known = new Map<string, Known>();
  let generation = 0;
  let askableAtMs = Number.NEGATIVE_INFINITY;
  let staleAtMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    try {
      const fetched = await readJwks(await source());
      const withdrawn = [...known].some(([kid, { point }]) => fetched.get(kid)?.point !== point);
      known = fetched;
      staleAtMs = clock.nowMs() + refreshMs;
      if (withdrawn) generation++;
    } catch (error) {
      log.warn("the issuer's keys could not be fetched; the known ones go on", { error, keys: known.size });
    }
  }

  function askOnce(): Promise<void> {
    if (asking !== undefined) return asking;
    if (clock.nowMs() < askableAtMs) return Promise.resolve();
    askableAtMs = clock.nowMs() + (known.size === 0 ? Math.min(firstMs, cooldownMs) : cooldownMs);
    asking = ask().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  return {
    async find(kid) {
      const first = known.get(kid);
      if (first !== undefined) return first.key;
      await askOnce();
      return known.get(kid)?.key;
    },
    freshen() {
      if (clock.nowMs() >= staleAtMs) void askOnce();
    },
    get generation() {
      return generation;
    },
  };
}

/** The usable keys of a JWKS: ES256 and nothing else, said outright. Everything else in it is passed over. */
async function readJwks(value: unknown): Promise<Map<string, Known>> {
  const list = (value as { keys?: unknown } | null | undefined)?.keys;
  const keys = new Map<string, Known>();
  if (!Array.isArray(list)) throw new CantleError("REPLY_MALFORMED", "the issuer's answer is not a set of keys");
  for (const jwk of list.slice(0, keysMax)) {
    const usable = usableKey(jwk);
    if (usable === undefined || keys.has(usable.kid)) continue;
    const { kty, crv, x, y, kid } = usable;
    const key = await importJWK({ kty, crv, x, y }, "ES256").catch(() => undefined);
    if (key !== undefined) keys.set(kid, { key: key as CryptoKey, point: `${x}.${y}` });
  }
  if (keys.size === 0) throw new CantleError("REPLY_MALFORMED", "the issuer's answer holds no key that can be used");
  return keys;
}

function usableKey(value: unknown): { kid: string; kty: string; crv: string; x: string; y: string } | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kid, kty, crv, x, y, alg, use, d } = value as JWK;
  if (typeof kid !== "string" || !kidShape.test(kid)) return undefined;
  if (kty !== "EC" || crv !== "P-256" || alg !== "ES256" || typeof x !== "string" || typeof y !== "string")
    return undefined;
  // A private half has no business here: whoever serves it is not the issuer we know, or is badly broken.
  if (d !== undefined || (use !== undefined && use !== "sig")) return undefined;
  return { kid, kty, crv, x, y };
}
