/**
 * The `identity` service: the issuer behind its contract.
 *
 * The mesh has checked that the peer may call `identity` at all. What is left is which peer may call what:
 *
 *     mint       services that declare it            not `host`: a unit may not speak for users
 *     exchange   the gateway
 *     unit       `host`: a unit, for itself
 *     keys       anybody: they are public
 */
import type { Fail } from "@cantle/contract";
import { isCantleError, type Peer } from "@cantle/core";
import { type ServiceDefinition, service } from "@cantle/service";
import type { Logger } from "@cantle/telemetry";
import { identity } from "./contract.ts";
import type { Issuer } from "./issuer.ts";
import { hostPeer } from "./peer.ts";

/** The service of an issuer. */
export function identityService(issuer: Issuer): ServiceDefinition {
  return service(identity, {
    handlers: {
      mint: (input, context) =>
        refusing(context, { allowed: context.peer.service !== hostPeer, act: () => issuer.mint(input) }),
      exchange: ({ token }, context) =>
        refusing(context, { allowed: context.peer.service === "gateway", act: () => issuer.exchange(token) }),
      unit: (input, context) =>
        refusing(context, { allowed: context.peer.service === hostPeer, act: () => issuer.unit(input) }),
      async keys() {
        const { keys } = await issuer.jwks();
        return { keys: keys.map((key) => ({ ...key })) };
      },
    },
  });
}

interface Refusing {
  readonly fail: Fail<typeof identity.operations.mint>;
  readonly log: Logger;
  readonly peer: Peer;
}

/** What the issuer refuses, as its contract declares it; why, in the log. */
async function refusing<T>(
  { fail, log, peer }: Refusing,
  { allowed, act }: { readonly allowed: boolean; readonly act: () => Promise<T> },
): Promise<T> {
  if (!allowed) {
    log.warn("a token was asked for by a peer that may not have it", { peer: peer.service });
    throw fail("NotAllowed");
  }
  try {
    return await act();
  } catch (error) {
    if (!isCantleError(error)) throw error;
    log.warn("a token was refused", { error, peer: peer.service });
    if (error.code === "UNAUTHENTICATED") throw fail("TokenRefused");
    if (error.code === "PEER_REFUSED") throw fail("NotAllowed");
    if (error.code === "INPUT_INVALID") throw fail("NotPossible");
    throw error;
  }
}
