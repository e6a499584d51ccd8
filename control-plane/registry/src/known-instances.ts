/**
 * What one process knows of who runs where: a machine without a clock, fed by a watch.
 *
 * Invariants
 * N1 While the registry is away, nothing is forgotten, however long.
 * N2 An instance that a new snapshot does not name is kept for one more lease: a registry that was just restarted is empty only
 *    because nobody has announced itself again yet. Who has not by then is gone.
 * N3 What the registry says outright (this one changed, that one is gone) is true at once.
 */
import type { WatchItem } from "./contract.ts";
import type { Instance } from "./instance.ts";

/** What is known. */
export interface KnownInstances {
  /** Takes in one item; answers with the services of which something may have changed. */
  apply(item: WatchItem, nowMs: number): Set<string>;
  /** Forgets whom nobody confirmed in time (N2); answers likewise. */
  expire(nowMs: number): Set<string>;
  /** The watch broke: nobody's time runs any more (N1). */
  disconnect(): void;
  /** When `expire` has something to do; undefined for never. */
  readonly expiresMs: number | undefined;
  instances(): Iterable<Instance>;
}

interface Known {
  readonly instance: Instance;
  /** Set for one that the last snapshot did not name. */
  readonly goneAtMs?: number;
}

/** Knows nobody yet. */
export function createKnownInstances(leaseMs: number): KnownInstances {
  const known = new Map<string, Known>();
  /** Those named by the pages of a snapshot that is not complete yet. */
  let named = new Set<string>();

  const servicesOf = (instance: Instance | undefined) => (instance?.services ?? []).map(({ service }) => service);

  function put(instance: Instance): string[] {
    const before = known.get(instance.instance)?.instance;
    known.set(instance.instance, { instance });
    return [...servicesOf(before), ...servicesOf(instance)];
  }

  function remove(id: string): string[] {
    const before = known.get(id)?.instance;
    known.delete(id);
    return servicesOf(before);
  }

  function doubt(nowMs: number): void {
    for (const [id, { instance }] of known) if (!named.has(id)) known.set(id, { instance, goneAtMs: nowMs + leaseMs });
  }

  return {
    apply(item, nowMs) {
      if (item.kind === "changed") return new Set([...item.gone.flatMap(remove), ...item.put.flatMap(put)]);
      if (item.first) named = new Set();
      for (const { instance } of item.instances) named.add(instance);
      const changed = new Set(item.instances.flatMap(put));
      if (item.last) doubt(nowMs);
      return changed;
    },
    expire(nowMs) {
      const over = [...known].filter(([, { goneAtMs }]) => goneAtMs !== undefined && goneAtMs <= nowMs);
      return new Set(over.flatMap(([id]) => remove(id)));
    },
    disconnect() {
      for (const [id, { instance }] of known) known.set(id, { instance });
    },
    get expiresMs() {
      const times = [...known.values()].flatMap(({ goneAtMs }) => goneAtMs ?? []);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    instances: () => [...known.values()].map(({ instance }) => instance),
  };
}
