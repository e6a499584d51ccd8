/**
 * The peers that a unit may speak as: each service it hosts, and `host`, the unit itself, which talks to the platform (it
 * announces its services, renews its token). `host` is nobody's service, so what it may reach needs no declaration.
 */
import type { Peer } from "@cantle/core";
import type { Grant, UnitIdentity } from "./token.ts";

/** The peer that is the unit itself. No service can have this name. */
export const hostPeer = "host";

/** What a unit itself may call: the platform's services. */
const hostUses: ReadonlySet<string> = new Set(["identity", "registry", "broker", "telemetry"]);
const bootstrapUses: ReadonlySet<string> = new Set(["identity"]);

/** A peer that also says which unit it is part of. */
export interface UnitPeer extends Peer {
  readonly unit: UnitIdentity;
}

/** The unit that a peer is part of; undefined for a peer that came without a unit token. */
export function unitOfPeer(peer: Peer): UnitIdentity | undefined {
  return "unit" in peer ? (peer as UnitPeer).unit : undefined;
}

/** Every peer that a unit token stands for, by name. */
export function peersOf(unit: UnitIdentity): ReadonlyMap<string, UnitPeer> {
  const peers = new Map<string, UnitPeer>();
  for (const [service, uses] of unit.services) peers.set(service, Object.freeze({ service, uses, unit }));
  return peers.set(hostPeer, Object.freeze({ service: hostPeer, uses: unit.platform ? "*" : hostUses, unit }));
}

/** The only peer that a bootstrap token stands for: a unit that comes for its own token. */
export function bootstrapPeer(_grant: Grant, service: string): Peer | undefined {
  return service === hostPeer ? { service: hostPeer, uses: bootstrapUses } : undefined;
}
