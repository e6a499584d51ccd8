/**
 * The embedded issuer: what stands behind the `identity` contract, and what a supervisor uses directly to mint bootstrap
 * tokens. It keeps nothing but its keys; tokens are not stored and cannot be called back, only run out.
 *
 * It knows no passwords. Who a user is, a service of the system decides (at its login), and then asks for a token; which
 * services may ask is what their `uses` says.
 */
import { CantleError, type Clock, type Duration, type Random } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import { decodeJwt, type JWTPayload } from "jose";
import type { Jwks, Keyring } from "./keyring.ts";
import { checkLifetimes, type Lifetimes, lifetimesDefault, userLifeMs } from "./lifetimes.ts";
import { hostPeer } from "./peer.ts";
import { readTokenHead } from "./read-token.ts";
import { audienceOf, checkName, type Grant, type TokenKind, tokenLengthMax, tokenTypes } from "./token.ts";
import { createVerifier, type Verifier } from "./verifier.ts";

/** A signed token and when it runs out, by the wall. */
export interface Issued {
  readonly token: string;
  readonly expiresMs: number;
}

/** What a unit presents to get its token. */
export interface UnitRequest {
  /** Its bootstrap token, or the unit token it has. */
  readonly proof: string;
  readonly instance: string;
  /** What each service that it hosts declared in `uses`; `*` for the platform's own. */
  readonly uses: Readonly<Record<string, "*" | readonly string[]>>;
}

/** Issues tokens for one system. */
export interface Issuer {
  /** A token for a user who has just proved who they are. */
  mint(person: {
    readonly subject: string;
    readonly roles?: readonly string[];
    readonly ttl?: Duration | undefined;
  }): Promise<Issued>;
  /** A caller assertion for the user of a token; it never outlives the token. */
  exchange(userToken: string): Promise<Issued>;
  /** What a unit presents when it starts. For whoever holds the keys: the supervisor, the host. */
  bootstrap(grant: {
    readonly unit: string;
    readonly services: readonly string[];
    readonly platform?: boolean;
  }): Promise<Issued>;
  /** A unit's token. Throws `PEER_REFUSED` for a service that the bootstrap token does not name, or for `*` where it grants none. */
  unit(request: UnitRequest): Promise<Issued>;
  /** The public keys. */
  jwks(): Promise<Jwks>;
  /** Verifies with the same keys, in this process. */
  readonly verifier: Verifier;
}

/** What an issuer needs. */
export interface IssuerOptions {
  /** The system's name: `iss`, and `aud` of user tokens. */
  readonly system: string;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly lifetimes?: Lifetimes;
}

/** Makes an issuer. */
export function createIssuer(options: IssuerOptions): Issuer {
  const { system, keyring, clock, random, log, lifetimes = lifetimesDefault } = options;
  checkName(system, "system");
  checkLifetimes(lifetimes, keyring.policy.keepMs);
  const jwks = async () => {
    // Another process may have made the key that a token in question was signed with.
    await keyring.refresh();
    return keyring.jwks();
  };
  const verifier = createVerifier({ keys: jwks, issuer: system, clock, log });

  async function issue(kind: TokenKind, claims: JWTPayload, untilMs: number): Promise<Issued> {
    const iat = Math.floor(clock.wallMs() / 1000);
    const exp = Math.floor(untilMs / 1000);
    const fixed = { iss: system, aud: audienceOf(kind, system), iat, exp, jti: random.hex(16) };
    const token = await keyring.sign({ ...claims, ...fixed }, tokenTypes[kind]);
    if (token.length > tokenLengthMax) throw tooLong(kind, token.length);
    return { token, expiresMs: exp * 1000 };
  }

  const until = (lifeMs: number) => clock.wallMs() + lifeMs;

  return {
    verifier,
    jwks,
    mint: ({ subject, roles = [], ttl }) =>
      issue("user", { sub: subject, roles: [...roles] }, until(userLifeMs(ttl, lifetimes))),
    async exchange(userToken) {
      const { id, roles } = await verifier.user(userToken);
      const endsMs = Math.min(until(lifetimes.callerMs), (decodeJwt(userToken).exp as number) * 1000);
      return issue("caller", { sub: id, roles: [...roles] }, endsMs);
    },
    async bootstrap({ unit, services, platform = false }) {
      checkName(unit, "unit");
      for (const service of services) checkServiceName(service);
      return issue("bootstrap", { sub: unit, services: [...services], platform }, until(lifetimes.bootstrapMs));
    },
    async unit({ proof, instance, uses }) {
      const grant = await grantOf(proof, verifier);
      checkName(instance, "instance");
      for (const [service, used] of Object.entries(uses)) checkUse(grant, service, used);
      const claims = { sub: grant.unit, instance, services: uses, platform: grant.platform };
      return issue("unit", claims, until(lifetimes.unitMs));
    },
  };
}

/** What a proof grants: a unit token is as good as the bootstrap token it was got with. */
async function grantOf(proof: string, verifier: Verifier): Promise<Grant> {
  const head = readTokenHead(proof);
  if (head.kind === "refused" || head.typ !== tokenTypes.unit) return verifier.grant(proof);
  const { unit, services, platform } = await verifier.unit(proof);
  return { unit, services: new Set(services.keys()), platform };
}

function checkUse(grant: Grant, service: string, used: "*" | readonly string[]): void {
  checkServiceName(service);
  if (!grant.services.has(service)) throw denied(`unit '${grant.unit}' does not host '${service}'`);
  if (used === "*" && !grant.platform) throw denied(`unit '${grant.unit}' is not of the platform and asks for '*'`);
}

function checkServiceName(service: string): void {
  checkName(service, "services");
  if (service === hostPeer) throw denied(`'${hostPeer}' is the unit itself and no service`);
}

function denied(notes: string): CantleError {
  return new CantleError("PEER_REFUSED", "the unit may not have this token", { notes });
}

function tooLong(kind: TokenKind, length: number): CantleError {
  return new CantleError("INPUT_INVALID", `the ${kind} token would be longer than anybody reads`, {
    help: kind === "unit" ? "put the services into several units" : "give fewer roles",
    notes: `${length} characters; ${tokenLengthMax} is the most`,
  });
}
