/**
 * The mesh's resolver on a registry: one watch, kept open, from which every view is made.
 *
 *     watching ──(item)──▶ watching ──(end or error)──▶ waiting ──(jittered back-off)──▶ watching
 *
 * A view never waits for the registry and never empties because of it; `known-instances.ts` says what is forgotten when.
 */

import type { Client } from "@cantle/contract";
import type { Clock, Random, Running } from "@cantle/core";
import { type Endpoint, type Resolver, staticResolver } from "@cantle/mesh";
import type { Logger } from "@cantle/telemetry";
import { backoffMs } from "./backoff.ts";
import type { registry } from "./contract.ts";
import type { Announced, Instance } from "./instance.ts";
import { createKnownInstances } from "./known-instances.ts";
import { leasesDefault } from "./lease-table.ts";
import { createPause } from "./pause.ts";
import { whereaboutsOf } from "./whereabouts.ts";

/** A resolver that follows a registry. */
export interface RegistryResolver extends Resolver, Running {
  /** Resolves at the first whole snapshot; a system that starts has views from then on. */
  ready(): Promise<void>;
}

/** What it needs. */
export interface RegistryResolverOptions {
  readonly client: Pick<Client<typeof registry>, "watch">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: Random;
  /** Which addresses this process can dial; of an instance's addresses the first of them is used. Default all. */
  readonly canDial?: (address: string) => boolean;
  /** The registry's lease; default 3 s. */
  readonly leaseMs?: number;
}

/** Makes one; it watches until it is stopped. */
export function createRegistryResolver(options: RegistryResolverOptions): RegistryResolver {
  const { client, clock, log, random, canDial = () => true, leaseMs = leasesDefault.leaseMs } = options;
  const known = createKnownInstances(leaseMs);
  const views = staticResolver();
  const pause = createPause(clock);
  const first = Promise.withResolvers<void>();
  const ending = new AbortController();
  let expiry = { cancel() {} };

  function show(services: Iterable<string>): void {
    for (const service of services) {
      const endpoints = endpointsOf(service, known.instances(), canDial);
      if (!sameEndpoints(endpoints, views.view(service).endpoints)) views.set(service, endpoints);
    }
    expiry.cancel();
    const { expiresMs } = known;
    if (expiresMs !== undefined)
      expiry = clock.after(expiresMs - clock.nowMs(), () => show(known.expire(clock.nowMs())));
  }

  async function follow(heard: () => void): Promise<void> {
    const items = await client.watch(undefined, { signal: ending.signal });
    for await (const item of items) {
      if (ending.signal.aborted) return;
      heard();
      show(known.apply(item, clock.nowMs()));
      if (item.kind === "snapshot" && item.last) first.resolve();
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!ending.signal.aborted) {
      const heard = () => {
        failures = 0;
      };
      const error = await follow(heard).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (ending.signal.aborted) return;
      known.disconnect();
      show([]);
      failures++;
      if (failures === 1) log.warn("the registry cannot be watched; the last view goes on", { error });
      await pause.wait(backoffMs(failures, random));
    }
  }

  const running = run();
  return {
    view: views.view,
    watch: views.watch,
    ready: () => first.promise,
    async stop() {
      ending.abort();
      pause.end();
      expiry.cancel();
      await running;
    },
  };
}

/** The endpoints of one service, in the order of their ids. */
function endpointsOf(
  service: string,
  instances: Iterable<Instance>,
  canDial: (address: string) => boolean,
): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const { instance, services } of instances) {
    const announced = services.find((each) => each.service === service);
    const endpoint = announced && endpointOf(instance, announced, canDial);
    if (endpoint !== undefined) endpoints.push(endpoint);
  }
  return endpoints.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** An instance that cannot be reached from here is none, unless it is only about to be. */
function endpointOf(id: string, announced: Announced, canDial: (address: string) => boolean): Endpoint | undefined {
  const { service, version, state, addresses, metadata } = announced;
  const address = addresses.find(canDial);
  if (address === undefined && state !== "starting") return undefined;
  return { id, service, version, state, ...(address !== undefined && { address }), ...whereaboutsOf(metadata) };
}

function sameEndpoints(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
