/**
 * What the gateway knows of services: learned from their instances, and anew from each new one, as an edited contract may have
 * kept its version; never forgotten while the gateway runs. A service that is down keeps its routes, and calls to it wait or fail as unavailable, not as unknown.
 */

import { outputOf } from "@cantle/contract";
import { Call, newTrace, type Operation } from "@cantle/core";
import type { Mount } from "@cantle/gateway";
import type { Endpoint } from "@cantle/mesh";
import { instanceContract } from "./describe.ts";
import type { Instance } from "./instance.ts";

/** Follows the services of a system; `stop` ends it. */
export interface RouteSource {
  readonly mounts: readonly Mount[];
  /** Resolves when every service that is here or coming has been learned, at the latest after `learnMsMax`; undefined when all are. */
  learning(): Promise<void> | undefined;
  stop(): void;
}

const describe = instanceContract.operations.describe;
const retryMs = 250;
/** How long a request for an unknown path waits for a service that is starting. */
const learnMsMax = 3_000;

/** Learns the operations of these services, now and as they appear; `changed` is called after each that was learned. */
export function followRoutes(instance: Instance, services: readonly string[], changed: () => void): RouteSource {
  const { mesh } = instance;
  const learned = new Map<string, { readonly instance: string; readonly mount: Mount }>();
  const asking = new Set<string>();
  let news = Promise.withResolvers<void>();

  function look(service: string): void {
    const ready = mesh.resolver.view(service).endpoints.filter((endpoint) => endpoint.state === "ready");
    // Of several versions the newest is shown: what it adds is optional to the older ones' callers. Of several instances the one
    // that was last to say the same is as good as any, and it stays the same one while it is there.
    const newest = ready.toSorted((a, b) => compareText(b.version, a.version) || compareText(b.id, a.id))[0];
    if (newest === undefined || learned.get(service)?.instance === newest.id || asking.has(service)) return;
    asking.add(service);
    ask(newest).then(
      (operations) => {
        asking.delete(service);
        learned.set(service, { instance: newest.id, mount: { operations } });
        changed();
        tell();
      },
      () => {
        asking.delete(service);
        mesh.clock.after(retryMs, () => look(service));
      },
    );
  }

  async function ask(endpoint: Endpoint): Promise<Mount["operations"]> {
    const call = new Call(describe, {
      payload: { kind: "value", value: { service: endpoint.service } },
      peer: { service: "gateway", uses: "*" },
      trace: newTrace(mesh.random),
      deadlineMs: mesh.clock.nowMs() + describe.timeoutMs,
    });
    const { operations } = outputOf(await mesh.dial(endpoint)(call)) as { operations: Operation[] };
    return Object.fromEntries(operations.map((operation) => [operation.name, Object.freeze(operation)]));
  }

  function tell(): void {
    news.resolve();
    news = Promise.withResolvers();
  }

  const isComing = (service: string) =>
    !learned.has(service) && mesh.resolver.view(service).endpoints.some(({ state }) => state !== "draining");

  async function untilLearned(): Promise<void> {
    const untilMs = mesh.clock.nowMs() + learnMsMax;
    const timer = mesh.clock.after(learnMsMax, tell);
    while (services.some(isComing) && mesh.clock.nowMs() < untilMs) await news.promise;
    timer.cancel();
  }

  const stops = services.map((service) =>
    mesh.resolver.watch(service, () => {
      look(service);
      tell();
    }),
  );
  for (const service of services) look(service);
  return {
    get mounts() {
      return [...learned.values()].map(({ mount }) => mount);
    },
    learning: () => (services.some(isComing) ? untilLearned() : undefined),
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}

function compareText(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
