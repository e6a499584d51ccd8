/**
 * The lease table: who is here. A machine without a clock: `apply(event, now) → what changed`.
 *
 * An instance is here while it is heard. Each `register` and each `heartbeat` gives it a lease of `leaseMs`; a lease that runs
 * out takes the instance with it. Time is monotonic: no wall that jumps can end a lease.
 *
 *     absent ──register──▶ leased ──heartbeat──▶ leased ──(silence)──▶ overdue ──tick──▶ absent
 *                             └────────────── deregister ─────────────────────────────▶ absent
 *
 * How long a silence is too long, the connection tells on which the instance watches the registry. While it is open, the process
 * is there, whatever keeps it silent: a loop that is blocked is slow, not dead (`stalledMs`). When it breaks, the process most
 * likely died with it, and has a moment to be heard again (`lostMs`). Of one that does not watch nothing is known (`leaseMs`).
 *
 * Invariants
 * L1 An instance is touched only by its own unit's token, for that instance; the platform's units may touch any.
 * L2 A unit announces only services that its token lists.
 * L3 An address belongs to one instance. Within a unit the newcomer has it (the port or path was inherited from a predecessor
 *    that died); across units the announcement is refused while the other is alive.
 * L4 A table that loses sight of most at once evicts nobody: `doubt.ts` says when and for how long.
 * L5 When the table itself slept (nobody ticked for half a lease), every lease begins anew.
 *
 * What it does not do: restart, judge health, or choose whom to call.
 */
import { CantleError } from "@cantle/core";
import { createDoubt, type Doubt } from "./doubt.ts";
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
  /** An instance began to watch, or one of its watches ended; for itself, so there is nobody to refuse. */
  | { readonly kind: "attach"; readonly instance: string }
  | { readonly kind: "detach"; readonly instance: string }
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
  /** How long one may be silent whose watch is open; default 20 s. More than it takes the wire to give a stopped process up. */
  readonly stalledMs: number;
  /** How long one may be silent whose watch broke; default 600 ms. Less than its watch takes to be back, and a blip takes it out. */
  readonly lostMs: number;
  /** How long the table may doubt itself while it hears some; default 60 s. */
  readonly holdMs: number;
}

/** A lease of three seconds, a doubt of a minute. */
export const leasesDefault: LeasePolicy = Object.freeze({
  leaseMs: 3_000,
  stalledMs: 20_000,
  lostMs: 600,
  holdMs: 60_000,
});

interface Lease {
  readonly instance: Instance;
  readonly heardMs: number;
  /** Since when its watch is broken; absent while it is open, and where there never was one. */
  readonly lostSinceMs?: number;
}

type Registering = LeaseEvent & { readonly kind: "register" };

/** The table. */
export class LeaseTable {
  readonly #policy: LeasePolicy;
  readonly #limits: RegistryLimits;
  readonly #leases = new Map<string, Lease>();
  /** How many watches each instance has open; one that is not announced yet may have some too. */
  readonly #watches = new Map<string, number>();
  readonly #doubt: Doubt;
  #tickedMs: number | undefined;

  constructor(policy = leasesDefault, limits: RegistryLimits = limitsDefault) {
    this.#policy = policy;
    this.#limits = limits;
    this.#doubt = createDoubt(policy.holdMs);
  }

  list(): Instance[] {
    return [...this.#leases.values()].map(({ instance }) => instance);
  }

  /** True while L4 keeps silent instances. */
  get isDoubting(): boolean {
    return this.#doubt.isDoubting;
  }

  /** Throws `LEASE_REFUSED` for what L1 to L3 forbid, `OVERLOADED` at a limit. */
  apply(event: LeaseEvent, nowMs: number): Outcome {
    if (event.kind === "tick") return { known: true, changes: this.#tick(nowMs) };
    if (event.kind === "attach" || event.kind === "detach") return this.#watching(event.kind, event.instance, nowMs);
    const lease = this.#leases.get(event.instance);
    checkOwner(event.owner, event.instance, lease?.instance);
    if (event.kind === "register") return { known: true, changes: this.#register(event, nowMs) };
    if (lease === undefined) return { known: false, changes: [] };
    switch (event.kind) {
      case "heartbeat":
        this.#leases.set(event.instance, { instance: lease.instance, heardMs: nowMs });
        return { known: true, changes: [] };
      case "state":
        return { known: true, changes: this.#put(withState(lease.instance, event), lease) };
      case "deregister":
        return { known: true, changes: this.#remove(event.instance, "left") };
    }
  }

  #register(event: Registering, nowMs: number): Change[] {
    const { owner, instance, services } = event;
    checkServices(owner, services);
    const before = this.#leases.get(instance)?.instance;
    const unit = before?.unit ?? owner.unit;
    if (before === undefined) this.#checkRoom(unit);
    const displaced = this.#displacedBy({ instance, unit, services }, nowMs);
    const replaced = displaced.flatMap((other) => this.#remove(other, "replaced"));
    return [...replaced, ...this.#put({ instance, unit, services }, { heardMs: nowMs })];
  }

  #watching(kind: "attach" | "detach", id: string, nowMs: number): Outcome {
    const open = (this.#watches.get(id) ?? 0) + (kind === "attach" ? 1 : -1);
    if (open > 0) this.#watches.set(id, open);
    else this.#watches.delete(id);
    const lease = this.#leases.get(id);
    if (lease === undefined) return { known: false, changes: [] };
    if (kind === "attach") this.#leases.set(id, { instance: lease.instance, heardMs: nowMs });
    else if (open <= 0) this.#leases.set(id, { ...lease, lostSinceMs: nowMs });
    return { known: true, changes: [] };
  }

  /** The instances that have to make way for an announced one, by L3. */
  #displacedBy(newcomer: Instance, nowMs: number): string[] {
    const wanted = new Set(newcomer.services.flatMap(({ addresses }) => addresses));
    const displaced: string[] = [];
    for (const [id, lease] of this.#leases) {
      if (id === newcomer.instance || !holdsAny(lease.instance, wanted)) continue;
      if (lease.instance.unit !== newcomer.unit && !this.#isOverdue(lease, nowMs))
        throw refused(`an address of '${newcomer.instance}' is '${id}''s, of unit '${lease.instance.unit}'`);
      displaced.push(id);
    }
    return displaced;
  }

  #checkRoom(unit: string): void {
    const total = this.#leases.size;
    const ofUnit = [...this.#leases.values()].filter((lease) => lease.instance.unit === unit).length;
    if (total < this.#limits.instancesMax && ofUnit < this.#limits.unitInstancesMax) return;
    throw new CantleError("OVERLOADED", "the registry holds as many instances as it may", {
      notes: `${total} in all, ${ofUnit} of '${unit}'`,
    });
  }

  #tick(nowMs: number): Change[] {
    this.#wake(nowMs);
    const leases = [...this.#leases];
    const silent = leases.filter(([, lease]) => this.#isSilent(lease, nowMs)).length;
    if (this.#doubt.hear({ total: leases.length, silent }, nowMs)) return [];
    const overdue = leases.filter(([, lease]) => this.#isOverdue(lease, nowMs));
    return overdue.flatMap(([instance]) => this.#remove(instance, "expired"));
  }

  /** L5. */
  #wake(nowMs: number): void {
    const slept = this.#tickedMs !== undefined && nowMs - this.#tickedMs > this.#policy.leaseMs / 2;
    this.#tickedMs = nowMs;
    if (!slept) return;
    for (const [id, lease] of this.#leases)
      this.#leases.set(id, {
        ...lease,
        heardMs: nowMs,
        ...(lease.lostSinceMs !== undefined && { lostSinceMs: nowMs }),
      });
  }

  #isOverdue({ instance, heardMs, lostSinceMs }: Lease, nowMs: number): boolean {
    const { leaseMs, stalledMs, lostMs } = this.#policy;
    if (lostSinceMs !== undefined) return nowMs - lostSinceMs >= lostMs;
    return nowMs - heardMs >= (this.#watches.has(instance.instance) ? stalledMs : leaseMs);
  }

  #isSilent({ heardMs, lostSinceMs }: Lease, nowMs: number): boolean {
    return lostSinceMs !== undefined || nowMs - heardMs > this.#policy.leaseMs / 2;
  }

  #put(instance: Instance, lease: Omit<Lease, "instance">): Change[] {
    const before = this.#leases.get(instance.instance)?.instance;
    const same = before !== undefined && JSON.stringify(before) === JSON.stringify(instance);
    this.#leases.set(instance.instance, { ...lease, instance: same ? before : instance });
    return same ? [] : [{ kind: "put", instance }];
  }

  #remove(instance: string, reason: "left" | "expired" | "replaced"): Change[] {
    return this.#leases.delete(instance) ? [{ kind: "gone", instance, reason }] : [];
  }
}

function withState(instance: Instance, { state, service }: LeaseEvent & { readonly kind: "state" }): Instance {
  const services = instance.services.map((each) =>
    service === undefined || each.service === service ? { ...each, state } : each,
  );
  return { ...instance, services };
}

function holdsAny({ services }: Instance, wanted: ReadonlySet<string>): boolean {
  return services.some(({ addresses }) => addresses.some((address) => wanted.has(address)));
}

/** L1. */
function checkOwner(owner: Owner, instance: string, before: Instance | undefined): void {
  if (owner.platform) return;
  if (owner.instance === instance && (before === undefined || before.unit === owner.unit)) return;
  throw refused(`'${owner.instance}' of unit '${owner.unit}' acts for '${instance}'`);
}

/** L2. */
function checkServices(owner: Owner, services: readonly Announced[]): void {
  const foreign = services.find(({ service }) => !owner.platform && !owner.services.has(service));
  if (foreign !== undefined) throw refused(`'${foreign.service}' is not a service of unit '${owner.unit}'`);
}

function refused(notes: string): CantleError {
  return new CantleError("LEASE_REFUSED", "the instance, the service or the address belongs to another unit", {
    notes,
  });
}
