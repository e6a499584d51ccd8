/**
 * The `registry` service: a registry behind its contract.
 *
 * Who owns an instance is not in the input, where anybody could write it, but in the unit token that the peer presented;
 * `ownerOf` reads it from the peer (`@cantle/identity` has one). A peer without a unit announces nothing.
 */
import type { Fail } from "@cantle/contract";
import { CantleError, isCantleError, type Peer } from "@cantle/core";
import { type ServiceDefinition, service } from "@cantle/service";
import type { Logger } from "@cantle/telemetry";
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
      throw new CantleError("LEASE_REFUSED", "only a unit can announce itself", { notes: peer.service });
    return found;
  };
  return service(registry, {
    handlers: {
      register: async (input, context) => refusing(context, () => running.register(owner(context.peer), input)),
      heartbeat: async (input, context) => refusing(context, () => running.heartbeat(owner(context.peer), input)),
      setState: async (input, context) => refusing(context, () => running.setState(owner(context.peer), input)),
      deregister: async (input, context) => refusing(context, () => running.deregister(owner(context.peer), input)),
      list: async () => ({ instances: running.list() }),
      watch(_input, context) {
        // While this is open, the process that watches is there.
        const feed = refusing(context, () => running.watch(ownerOf(context.peer)));
        const { signal } = context;
        if (signal.aborted) feed.end();
        else signal.addEventListener("abort", () => feed.end(), { once: true });
        return feed;
      },
    },
  });
}

interface Refusing {
  readonly fail: Fail<typeof registry.operations.register>;
  readonly log: Logger;
}

/** What the registry refuses, as its contract declares it; why, in the log. */
function refusing<T>({ fail, log }: Refusing, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!isCantleError(error)) throw error;
    log.warn("an announcement was refused", { error });
    if (error.code === "LEASE_REFUSED") throw fail("LeaseRefused");
    if (error.code === "OVERLOADED") throw fail("RegistryFull");
    if (error.code === "INPUT_INVALID") throw fail("NotAnnounceable", { errors: mutable(error.errors) });
    throw error;
  }
}

function mutable(errors: CantleError["errors"] = {}): Record<string, string[]> {
  return Object.fromEntries(Object.entries(errors).map(([path, messages]) => [path, [...messages]]));
}
