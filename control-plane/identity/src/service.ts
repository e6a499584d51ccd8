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
import { CantleError, type Peer } from "@cantle/core";
import { type ServiceDefinition, service } from "@cantle/service";
import { identity } from "./contract.ts";
import type { Issuer } from "./issuer.ts";
import { hostPeer } from "./peer.ts";

/** The service of an issuer. */
export function identityService(issuer: Issuer): ServiceDefinition {
  return service(identity, {
    handlers: {
      async mint(input, { peer }) {
        only(peer, peer.service !== hostPeer);
        return issuer.mint(input);
      },
      async exchange({ token }, { peer }) {
        only(peer, peer.service === "gateway");
        return issuer.exchange(token);
      },
      async unit(input, { peer }) {
        only(peer, peer.service === hostPeer);
        return issuer.unit(input);
      },
      async keys() {
        const { keys } = await issuer.jwks();
        return { keys: keys.map((key) => ({ ...key })) };
      },
    },
  });
}

function only(peer: Peer, allowed: boolean): void {
  if (allowed) return;
  throw new CantleError("PEER_REFUSED", "this operation of identity is not for the calling service", {
    notes: peer.service,
  });
}
