/**
 * The `registry` service: a registry behind its contract.
 *
 * Who owns an instance is not in the input, where anybody could write it, but in the unit token that the peer presented;
 * `ownerOf` reads it from the peer (`@cantle/identity` has one). A peer without a unit announces nothing.
 */
import { CantleError, type Peer } from "@cantle/core";
import { type ServiceDefinition, service } from "@cantle/service";
import { registry } from "./contract.ts";
import type { Owner } from "./instance.ts";
import type { Registry } from "./registry.ts";

/** The owner that a peer's token names; undefined for a peer that is no unit. */
export type OwnerOf = (peer: Peer) => Owner | undefined;

/** The service of a registry. */
export function registryService(running: Registry, ownerOf: OwnerOf): ServiceDefinition {
  const owner = (peer: Peer): Owner => {
    const found = ownerOf(peer);
    if (found === undefined)
      throw new CantleError("PEER_REFUSED", "only a unit can announce itself", { notes: peer.service });
    return found;
  };
  return service(registry, {
    handlers: {
      register: async (input, { peer }) => running.register(owner(peer), input),
      heartbeat: async (input, { peer }) => running.heartbeat(owner(peer), input),
      setState: async (input, { peer }) => running.setState(owner(peer), input),
      deregister: async (input, { peer }) => running.deregister(owner(peer), input),
      list: async () => ({ instances: running.list() }),
      watch(_input, { signal }) {
        const feed = running.watch();
        if (signal.aborted) feed.end();
        else signal.addEventListener("abort", () => feed.end(), { once: true });
        return feed;
      },
    },
  });
}
