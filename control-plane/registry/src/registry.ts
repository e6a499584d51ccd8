/**
 * The registry: the lease table on a clock, and its watchers. What may be announced is checked here (`limits.ts`), who may
 * announce it and for how long is the table's business, what a watcher is told is its feed's.
 *
 * It stores nothing. After a restart it is empty, and within a second or two every instance has announced itself again; resolvers
 * keep what they knew until then.
 */
import { CantleError, type Clock, type Running } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import { type AddressPolicy, localOnly } from "./address.ts";
import { createFeed, type Feed } from "./feed.ts";
import type { Announced, Change, Instance, Owner, ServiceState } from "./instance.ts";
import { type LeaseEvent, type LeasePolicy, LeaseTable, leasesDefault } from "./lease-table.ts";
import { checkAnnouncement, limitsDefault, type RegistryLimits } from "./limits.ts";

/** A running registry. */
export interface Registry extends Running {
  register(
    owner: Owner,
    input: { instance: string; services: readonly Announced[] },
  ): { leaseMs: number; heartbeatMs: number };
  heartbeat(owner: Owner, input: { instance: string }): { known: boolean };
  setState(
    owner: Owner,
    input: { instance: string; state: ServiceState; service?: string | undefined },
  ): { known: boolean };
  deregister(owner: Owner, input: { instance: string }): { known: boolean };
  list(): readonly Instance[];
  /** Tells what is here and what changes; while it is open, the instance that watches counts as there, however silent. */
  watch(owner?: Owner | undefined): Feed;
}

/** What a registry needs. */
export interface RegistryOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Default: this host only. */
  readonly addresses?: AddressPolicy;
  readonly limits?: RegistryLimits;
  readonly leases?: LeasePolicy;
}

/** A lease survives two lost heartbeats. */
const heartbeatsPerLease = 3;
/** Nobody is here for more than a quarter of a second longer than the table says. */
const tickMsMax = 250;
const watchersMax = 1024;

/** Starts a registry. */
export function createRegistry(options: RegistryOptions): Registry {
  const { clock, log, addresses = localOnly, limits = limitsDefault, leases = leasesDefault } = options;
  const table = new LeaseTable(leases, limits);
  const feeds = new Set<Feed>();
  const tickMs = Math.min(tickMsMax, leases.leaseMs / 4, leases.lostMs / 2);
  let wasDoubting = false;

  function apply(event: LeaseEvent): boolean {
    const { known, changes } = table.apply(event, clock.nowMs());
    if (changes.length > 0) for (const feed of feeds) feed.push(changes);
    for (const change of changes) report(change);
    return known;
  }

  function report(change: Change): void {
    if (change.kind === "gone" && change.reason !== "left")
      log.warn("an instance is gone", { instance: change.instance, reason: change.reason });
  }

  let timer = clock.after(tickMs, tick);
  function tick(): void {
    apply({ kind: "tick" });
    if (table.isDoubting !== wasDoubting) {
      wasDoubting = table.isDoubting;
      log.warn(wasDoubting ? "most instances fell silent at once; the last view is kept" : "instances are heard again");
    }
    timer = clock.after(tickMs, tick);
  }

  return {
    register(owner, { instance, services }) {
      checkAnnouncement(services, limits, addresses);
      apply({ kind: "register", owner, instance, services });
      return { leaseMs: leases.leaseMs, heartbeatMs: leases.leaseMs / heartbeatsPerLease };
    },
    heartbeat: (owner, { instance }) => ({ known: apply({ kind: "heartbeat", owner, instance }) }),
    setState: (owner, { instance, state, service }) => ({
      known: apply({ kind: "state", owner, instance, state, service }),
    }),
    deregister: (owner, { instance }) => ({ known: apply({ kind: "deregister", owner, instance }) }),
    list: () => table.list(),
    watch(owner) {
      if (feeds.size >= watchersMax)
        throw new CantleError("OVERLOADED", "the registry has as many watchers as it may", { notes: `${watchersMax}` });
      const tell = (kind: "attach" | "detach") => owner && apply({ kind, instance: owner.instance });
      const feed: Feed = createFeed(
        () => table.list(),
        () => {
          feeds.delete(feed);
          tell("detach");
        },
      );
      feeds.add(feed);
      tell("attach");
      return feed;
    },
    async stop() {
      timer.cancel();
      for (const feed of [...feeds]) feed.end();
    },
  };
}
