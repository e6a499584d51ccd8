/**
 * The endpoints of one service as one process sees them: which can take a call, how busy each is, which answer badly.
 *
 * 1. Which can be used is worked out when something changes or a time has come, not at every call.
 * 2. An endpoint whose connection failed is out at once, and waited for when there is no other: that is a fact. One that
 *    answers badly is out by opinion, and never more than half are (`ejection.ts`).
 * 3. A zone is preferred while at least half of its endpoints can be used; then all zones are one.
 * 4. One that is to get no share of the calls gets none while there is another.
 */
import type { Call, Handler, Operation } from "@cantle/core";
import { Standing, without } from "./ejection.ts";
import type { Latency } from "./latency.ts";
import type { OutboundHost } from "./outbound-host.ts";
import type { Endpoint, Resolver, View } from "./resolver.ts";
import { RetryBudget } from "./retry-budget.ts";

/** An endpoint with what this process knows of it. */
export interface Target {
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly handle: Handler;
  readonly standing: Standing;
  /** By slot, see `slotOf`. */
  readonly latencies: (Latency | undefined)[];
  /** Its id alone: what most calls have tried. */
  readonly alone: readonly string[];
  inFlight: number;
  /** Its connection failed: out of the pool until then, monotonic ms. */
  downUntilMs: number;
  /** Since when it takes calls, monotonic ms; long ago for those that were there first. */
  sinceMs: number;
}

/** What a pool is made from. */
export type PoolHost = Pick<OutboundHost, "resolver" | "dial" | "clock" | "zone">;

/** How long an endpoint stays out after its connection failed, when the registry says nothing new of it. */
const downMs = 1_000;
/** How many calls of one service may wait for an endpoint; more fail at once. */
const waitersMax = 10_000;

const pools = new WeakMap<Resolver, Map<string, Pool>>();

/** The one pool of a service per resolver, shared by all its operations. */
export function poolOf(service: string, host: PoolHost): Pool {
  const known = pools.get(host.resolver) ?? new Map<string, Pool>();
  pools.set(host.resolver, known);
  const pool = known.get(service) ?? new Pool(service, host);
  known.set(service, pool);
  return pool;
}

/** See `poolOf`. */
export class Pool {
  readonly #service: string;
  readonly #host: PoolHost;
  /** What all its operations together may spend on retries. */
  readonly retries = new RetryBudget();
  readonly #slots: string[] = [];
  #view: View | undefined;
  #targets: Target[] = [];
  #usable: readonly Target[] = [];
  /** When `#usable` may be another, monotonic ms. */
  #usableUntilMs = 0;
  #local: Target | undefined;
  #waiting = new Set<() => void>();
  #missedView: View | undefined;

  constructor(service: string, host: PoolHost) {
    this.#service = service;
    this.#host = host;
    host.resolver.watch(service, () => this.#wake());
  }

  /** The endpoint in this process, where there is one. */
  get local(): Target | undefined {
    this.#refresh();
    return this.#local;
  }

  /** The number under which targets keep the latency of an operation. */
  slotOf({ name }: Operation): number {
    if (!this.#slots.includes(name)) this.#slots.push(name);
    return this.#slots.indexOf(name);
  }

  /** The endpoints that can take a call now. The same array until something changes. */
  usable(nowMs: number): readonly Target[] {
    this.#refresh();
    if (nowMs >= this.#usableUntilMs) this.#sort(nowMs);
    return this.#usable;
  }

  /** True when a call can go where it has not been yet. */
  hasOther({ tried = [] }: Call): boolean {
    return this.usable(this.#host.clock.nowMs()).some(({ id }) => !tried.includes(id));
  }

  /** Takes an endpoint out after its connection failed. */
  broken(target: Target, nowMs: number): void {
    target.downUntilMs = nowMs + downMs;
    target.sinceMs = target.downUntilMs;
    this.changed();
  }

  /** What is thought of a target changed. */
  changed(): void {
    this.#usableUntilMs = 0;
  }

  /** Waits until there is an endpoint, `waitMs` passed, or the call ended. False when none came. */
  wait(call: Call, waitMs: number): Promise<boolean> {
    if (this.#waiting.size >= waitersMax || this.#missedView === this.#view) return Promise.resolve(false);
    return new Promise((resolve) => {
      const { clock } = this.#host;
      const giveUp = clock.after(waitMs, () => {
        this.#missedView = this.#view;
        finish(false);
      });
      // An endpoint that is down comes back by time alone, which no view announces.
      let recheck = clock.after(downMs, look);
      const unlisten = call.onCancel(() => finish(false));
      const waiting = this.#waiting.add(wake);
      const isThere = () => this.usable(clock.nowMs()).length > 0;
      function wake() {
        if (isThere()) finish(true);
      }
      function look() {
        recheck = clock.after(downMs, look);
        wake();
      }
      function finish(found: boolean) {
        giveUp.cancel();
        recheck.cancel();
        unlisten();
        waiting.delete(wake);
        resolve(found);
      }
    });
  }

  #refresh(): void {
    const view = this.#host.resolver.view(this.#service);
    if (view !== this.#view) this.#adopt(view);
  }

  #adopt(view: View): void {
    const before = new Map(this.#targets.map((target) => [target.id, target]));
    this.#view = view;
    this.#targets = view.endpoints
      .filter((endpoint) => endpoint.state === "ready" && endpoint.address !== undefined)
      .map((endpoint) => this.#target(endpoint, before));
    this.#local = this.#targets.find((target) => target.endpoint.address?.startsWith("memory:"));
    this.changed();
  }

  #target(endpoint: Endpoint, before: ReadonlyMap<string, Target>): Target {
    const known = before.get(endpoint.id);
    // The same process at the same address: what is known of it stays true, what it says of itself may be new.
    if (known !== undefined && known.endpoint.address === endpoint.address)
      return known.endpoint === endpoint ? known : Object.assign(known, { endpoint });
    return {
      id: endpoint.id,
      endpoint,
      handle: this.#host.dial(endpoint),
      standing: new Standing(),
      latencies: [],
      alone: [endpoint.id],
      inFlight: 0,
      downUntilMs: 0,
      sinceMs: before.size === 0 ? Number.NEGATIVE_INFINITY : this.#host.clock.nowMs(),
    };
  }

  #sort(nowMs: number): void {
    const up = wanted(this.#targets.filter(({ downUntilMs }) => downUntilMs <= nowMs));
    this.#usable = this.#near(without(up, nowMs));
    this.#usableUntilMs = this.#targets
      .flatMap(({ downUntilMs, standing }) => [downUntilMs, standing.outUntilMs])
      .filter((atMs) => atMs > nowMs)
      .reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  }

  #near(usable: readonly Target[]): readonly Target[] {
    const { zone } = this.#host;
    if (zone === undefined) return usable;
    const near = usable.filter(({ endpoint }) => endpoint.zone === zone);
    const all = this.#targets.filter(({ endpoint }) => endpoint.zone === zone).length;
    return near.length > 0 && near.length * 2 >= all ? near : usable;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

/** Those that are to get calls; all, where none is. */
function wanted(targets: readonly Target[]): readonly Target[] {
  const some = targets.filter(({ endpoint }) => endpoint.share !== 0);
  return some.length > 0 ? some : targets;
}
