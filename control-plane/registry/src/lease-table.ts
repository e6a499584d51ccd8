/**
 * The lease table: who is here. A machine without a clock: `apply(event, now) → what changed`.
 *
 * An instance is here while it is heard. Each `register` and each `heartbeat` gives it a lease of `leaseMs`; a lease that runs
 * out takes the instance with it. Time is monotonic: no wall that jumps can end a lease.
 *
 *     absent ──register──▶ leased ──heartbeat──▶ leased ──(leaseMs of silence)──▶ overdue ──tick──▶ absent
 *                             └──────────────────── deregister ───────────────────────────────────▶ absent
 *
 * Invariants
 * L1 An instance is touched only by its own unit's token, for that instance; the platform's units may touch any.
 * L2 A unit announces only services that its token lists.
 * L3 An address belongs to one instance. Within a unit the newcomer has it (the port or path was inherited from a predecessor
 *    that died); across units the announcement is refused while the other is alive.
 * L4 The table does not trust itself when it loses sight of many at once: when more than half of at least three instances have
 *    been silent for half a lease, nobody is evicted, for it is likelier that the table cannot hear than that they died. This
 *    ends when they are heard again, when they are told to be gone, or after `holdMs` if some of them, and not all, are silent.
 * L5 When the table itself slept (nobody ticked for half a lease), every lease begins anew.
 *
 * What it does not do: restart, judge health, or choose whom to call.
 */
import { CantleError } from "@cantle/core";
import type { Announced, Change, Instance, Owner, ServiceState } from "./instance.ts";
import { limitsDefault, type RegistryLimits } from "./limits.ts";

/** What happens to the table. */
export type LeaseEvent =
  | {
      readonly kind: "register";
      readonly owner: Owner;
      readonly instance: string;
      readonly services: readonly Announced[];
    }
  | { readonly kind: "heartbeat"; readonly owner: Owner; readonly instance: string }
  | {
      readonly kind: "state";
      readonly owner: Owner;
      readonly instance: string;
      readonly state: ServiceState;
      /** One service; all of the instance's where it is left out. */
      readonly service?: string | undefined;
    }
  | { readonly kind: "deregister"; readonly owner: Owner; readonly instance: string }
  | { readonly kind: "tick" };

/** What came of an event. */
export interface Outcome {
  /** False when the table does not know the instance, and it should register. */
  readonly known: boolean;
  readonly changes: readonly Change[];
}

/** How long leases are. */
export interface LeasePolicy {
  /** Default 3 s. Shorter finds the dead sooner and loses the slow. */
  readonly leaseMs: number;
  /** How long the table may doubt itself while it hears some; default 60 s. */
  readonly holdMs: number;
}

/** A lease of three seconds, a doubt of a minute. */
export const leasesDefault: LeasePolicy = Object.freeze({ leaseMs: 3_000, holdMs: 60_000 });

/** A table. */
export interface LeaseTable {
  /** Throws `LEASE_REFUSED` for what L1 to L3 forbid, `OVERLOADED` at a limit. */
  apply(event: LeaseEvent, nowMs: number): Outcome;
  list(): Instance[];
  /** True while L4 keeps silent instances. */
  readonly holding: boolean;
}

interface Lease {
  readonly instance: Instance;
  readonly heardMs: number;
}

/** Makes an empty table. */
export function createLeaseTable(policy = leasesDefault, limits: RegistryLimits = limitsDefault): LeaseTable {
  const leases = new Map<string, Lease>();
  let heldSinceMs: number | undefined;
  let tickedMs: number | undefined;
  const isOverdue = (lease: Lease, nowMs: number) => nowMs - lease.heardMs >= policy.leaseMs;
  const isSilent = (lease: Lease, nowMs: number) => nowMs - lease.heardMs > policy.leaseMs / 2;

  function remove(instance: string, reason: "left" | "expired" | "replaced"): Change[] {
    return leases.delete(instance) ? [{ kind: "gone", instance, reason }] : [];
  }

  function put(instance: Instance, nowMs: number): Change[] {
    const before = leases.get(instance.instance)?.instance;
    const same = before !== undefined && JSON.stringify(before) === JSON.stringify(instance);
    leases.set(instance.instance, { instance: same ? before : instance, heardMs: nowMs });
    return same ? [] : [{ kind: "put", instance }];
  }

  function register(event: LeaseEvent & { kind: "register" }, nowMs: number): Change[] {
    const { owner, instance, services } = event;
    const before = leases.get(instance)?.instance;
    const unit = before?.unit ?? owner.unit;
    for (const { service } of services)
      if (!owner.platform && !owner.services.has(service))
        throw refused(`'${service}' is not a service of unit '${owner.unit}'`);
    if (before === undefined) checkRoom(unit);
    const replaced = displacedBy(event, unit, nowMs).flatMap((other) => remove(other, "replaced"));
    return [...replaced, ...put({ instance, unit, services }, nowMs)];
  }

  /** The instances that have to make way for an announcement, by L3. */
  function displacedBy(
    { instance, services }: LeaseEvent & { kind: "register" },
    unit: string,
    nowMs: number,
  ): string[] {
    const wanted = new Set(services.flatMap(({ addresses }) => addresses));
    const holders = [...leases].filter(
      ([other, lease]) =>
        other !== instance &&
        lease.instance.services.some(({ addresses }) => addresses.some((address) => wanted.has(address))),
    );
    for (const [other, lease] of holders)
      if (lease.instance.unit !== unit && !isOverdue(lease, nowMs))
        throw refused(`an address of '${instance}' is '${other}''s, of unit '${lease.instance.unit}'`);
    return holders.map(([other]) => other);
  }

  function checkRoom(unit: string): void {
    const ofUnit = [...leases.values()].filter((lease) => lease.instance.unit === unit).length;
    if (leases.size < limits.instancesMax && ofUnit < limits.unitInstancesMax) return;
    throw new CantleError("OVERLOADED", "the registry holds as many instances as it may", {
      notes: `${leases.size} in all, ${ofUnit} of '${unit}'`,
    });
  }

  function withState({ state, service }: LeaseEvent & { kind: "state" }, { instance }: Lease): Instance {
    const services = instance.services.map((each) =>
      service === undefined || each.service === service ? { ...each, state } : each,
    );
    return { ...instance, services };
  }

  function tick(nowMs: number): Change[] {
    const slept = tickedMs !== undefined && nowMs - tickedMs > policy.leaseMs / 2;
    tickedMs = nowMs;
    if (slept) for (const [id, lease] of leases) leases.set(id, { ...lease, heardMs: nowMs });
    const overdue = [...leases].filter(([, lease]) => isOverdue(lease, nowMs));
    if (isDoubtful(nowMs)) return [];
    return overdue.flatMap(([instance]) => remove(instance, "expired"));
  }

  /** L4. */
  function isDoubtful(nowMs: number): boolean {
    const silent = [...leases.values()].filter((lease) => isSilent(lease, nowMs)).length;
    if (leases.size < 3 || silent * 2 <= leases.size) {
      heldSinceMs = undefined;
      return false;
    }
    heldSinceMs ??= nowMs;
    return silent === leases.size || nowMs - heldSinceMs < policy.holdMs;
  }

  return {
    apply(event, nowMs) {
      if (event.kind === "tick") return { known: true, changes: tick(nowMs) };
      const lease = leases.get(event.instance);
      checkOwner(event.owner, event.instance, lease?.instance);
      if (event.kind === "register") return { known: true, changes: register(event, nowMs) };
      if (lease === undefined) return { known: false, changes: [] };
      switch (event.kind) {
        case "heartbeat":
          leases.set(event.instance, { ...lease, heardMs: nowMs });
          return { known: true, changes: [] };
        case "state":
          return { known: true, changes: put(withState(event, lease), lease.heardMs) };
        case "deregister":
          return { known: true, changes: remove(event.instance, "left") };
      }
    },
    list: () => [...leases.values()].map(({ instance }) => instance),
    get holding() {
      return heldSinceMs !== undefined;
    },
  };
}

/** L1. */
function checkOwner(owner: Owner, instance: string, before: Instance | undefined): void {
  if (owner.platform) return;
  if (owner.instance === instance && (before === undefined || before.unit === owner.unit)) return;
  throw refused(`'${owner.instance}' of unit '${owner.unit}' acts for '${instance}'`);
}

function refused(notes: string): CantleError {
  return new CantleError("LEASE_REFUSED", "the instance, the service or the address belongs to another unit", {
    notes,
  });
}
