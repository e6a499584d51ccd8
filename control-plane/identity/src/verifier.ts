/**
 * Verification of tokens, the same at the gateway and at every service.
 *
 *     token ──▶ spelling and header ──▶ typ of the kind ──▶ key by kid ──▶ ES256 signature ──▶ exp nbf iat iss aud ──▶ shape
 *               (read-token.ts)                            (key-set.ts)     (jose)             (check, below)          (token.ts)
 *
 * Invariants
 * V1 Only what the issuer signed with ES256, for this audience, as this kind, and within its time, comes through.
 * V2 A caller learns only that a token is not valid, or that it has expired; which check failed is for the log.
 * V3 The answer for a token that was seen before is synchronous, and never outlives the token.
 */
import { type Caller, CantleError, type Clock, type Code, type Peer } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import { type CryptoKey, errors, type JWTPayload, jwtVerify } from "jose";
import { createKeySet, type KeySource } from "./key-set.ts";
import { bootstrapPeer, peersOf } from "./peer.ts";
import { readTokenHead } from "./read-token.ts";
import {
  audienceOf,
  type Grant,
  grantOf,
  type Person,
  personOf,
  type TokenKind,
  tokenTypes,
  type UnitIdentity,
  unitOf,
} from "./token.ts";
import { createTokenCache } from "./token-cache.ts";

type Eventually<T> = T | Promise<T>;

/** Verifies tokens. A promise is only returned for a token that was not seen before. */
export interface Verifier {
  /** Who a user token speaks for. Throws `UNAUTHENTICATED`. */
  user(token: string): Eventually<Caller>;
  /** Who a caller assertion speaks for. Throws `UNAUTHENTICATED`. */
  caller(assertion: string): Eventually<Caller>;
  /**
   * The service that a unit's token lets it speak as; `host` for the unit itself. Throws `PEER_REFUSED`.
   * A bootstrap token is good for `host` too, and reaches nothing but identity.
   */
  peer(token: string | undefined, service: string): Eventually<Peer>;
  /** What a unit token says. Throws `PEER_REFUSED`. */
  unit(token: string): Eventually<UnitIdentity>;
  /** What a bootstrap token grants. Throws `PEER_REFUSED`. */
  grant(token: string): Eventually<Grant>;
}

/** What a verifier needs. */
export interface VerifierOptions {
  readonly keys: KeySource;
  /** `iss`: the system's name. */
  readonly issuer: string;
  /** `aud` of user tokens, for which the system's name is the default; tokens for the inside have `AUDIENCE:inside`. */
  readonly audience?: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** How many verified tokens of each kind are remembered; default 4096, some two megabytes. */
  readonly tokensMax?: number;
  /** See `KeySetOptions`. */
  readonly cooldownMs?: number;
  /** See `KeySetOptions`. */
  readonly refreshMs?: number;
}

interface Kind<V> {
  readonly kind: TokenKind;
  readonly code: Code;
  read(claims: JWTPayload, token: string): V | undefined;
}

/** Makes a verifier. */
export function createVerifier(options: VerifierOptions): Verifier {
  const { keys: source, issuer, audience = issuer, clock, log, tokensMax = 4096, ...pace } = options;
  const keys = createKeySet({ source, clock, log, ...pace });

  function verifierOf<V>({ kind, code, read }: Kind<V>): (token: string) => Eventually<V> {
    const cache = createTokenCache<V>(tokensMax);
    const pending = new Map<string, Promise<V>>();
    const expected = { typ: tokenTypes[kind], issuer, audience: audienceOf(kind, audience) };

    async function prove(token: string): Promise<V> {
      const head = readTokenHead(token);
      if (head.kind === "refused") throw refused(code, head.reason);
      if (head.typ !== expected.typ) throw refused(code, "it is a token of another kind");
      const key = await keys.find(head.kid);
      if (key === undefined) throw refused(code, "no key of that id is known");
      const { generation } = keys;
      const claims = await verifySignature(token, key, { code, wallMs: clock.wallMs() });
      const reason = faultOf(claims, expected, clock.wallMs());
      if (reason !== undefined) throw refused(code, reason);
      const value = read(claims, token);
      if (value === undefined) throw refused(code, "its claims are not those of its kind");
      cache.set(token, { value, expiresMs: (claims.exp as number) * 1000, generation });
      return value;
    }

    return (token) => {
      keys.freshen();
      const seen = cache.get(token, { wallMs: clock.wallMs(), generation: keys.generation });
      if (seen !== undefined) return seen;
      const known = pending.get(token);
      if (known !== undefined) return known;
      const proving = prove(token).finally(() => void pending.delete(token));
      pending.set(token, proving);
      return proving;
    };
  }

  const user = verifierOf({ kind: "user", code: "UNAUTHENTICATED", read: (claims) => callerOf(personOf(claims), "") });
  const caller = verifierOf({
    kind: "caller",
    code: "UNAUTHENTICATED",
    read: (claims, token) => callerOf(personOf(claims), token),
  });
  const grant = verifierOf({ kind: "bootstrap", code: "PEER_REFUSED", read: grantOf });
  const unit = verifierOf({
    kind: "unit",
    code: "PEER_REFUSED",
    read(claims) {
      const identity = unitOf(claims);
      return identity && { identity, peers: peersOf(identity) };
    },
  });

  return {
    user,
    caller,
    grant,
    unit: (token) => after(unit(token), ({ identity }) => identity),
    peer(token, service) {
      if (token === undefined) throw refused("PEER_REFUSED", "there is no token");
      const head = readTokenHead(token);
      if (head.kind === "head" && head.typ === tokenTypes.bootstrap)
        return after(grant(token), (granted) => bootstrapPeer(granted, service) ?? deny(service));
      return after(unit(token), ({ peers }) => peers.get(service) ?? deny(service));
    },
  };
}

/** The signature and the usual claims, by jose; all that it throws is one refusal. */
async function verifySignature(
  token: string,
  key: CryptoKey,
  { code, wallMs }: { code: Code; wallMs: number },
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, key, { algorithms: ["ES256"], currentDate: new Date(wallMs) });
    return payload;
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) throw refused(code, expired);
    throw refused(code, "its signature or its claims are broken", cause);
  }
}

/** An `iat` may be this far ahead: two hosts never have one time. */
const skewSeconds = 60;

/** What is wrong with proved claims; undefined when nothing is. */
function faultOf(
  claims: JWTPayload,
  expected: { issuer: string; audience: string },
  wallMs: number,
): string | undefined {
  const { iss, aud, exp, iat, nbf } = claims;
  const nowSeconds = wallMs / 1000;
  if (iss !== expected.issuer) return "it is another issuer's";
  if (aud !== expected.audience) return "it is for another audience";
  if (!isTime(exp) || !isTime(iat) || (nbf !== undefined && !isTime(nbf))) return "its times are missing or no times";
  if (exp <= nowSeconds) return expired;
  if (iat > nowSeconds + skewSeconds || (nbf !== undefined && nbf > nowSeconds)) return "it is not valid yet";
  return undefined;
}

/** Seconds since 1970, up to the year 9999. */
function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= 253_402_300_799;
}

const expired = "it has expired";

function refused(code: Code, reason: string, cause?: unknown): CantleError {
  const what = code === "PEER_REFUSED" ? "the unit's token" : "the token";
  return new CantleError(code, reason === expired ? `${what} has expired` : `${what} is not valid`, {
    notes: reason,
    ...(cause !== undefined && { cause }),
  });
}

function deny(service: string): never {
  throw new CantleError("PEER_REFUSED", "the unit's token does not speak for that service", { notes: service });
}

function callerOf(person: Person | undefined, assertion: string): Caller | undefined {
  return person && { ...person, assertion };
}

function after<T, R>(value: Eventually<T>, then: (value: T) => R): Eventually<R> {
  return value instanceof Promise ? value.then(then) : then(value);
}
