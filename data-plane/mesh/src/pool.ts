/** The endpoints of one service as one process sees them: which can take a call, how busy each is, which just failed. */
import type { Call, Clock, Handler, Random } from "@cantle/core";
import type { Dial, Endpoint, Resolver, View } from "./resolver.ts";

/** An endpoint with what this process knows of it. */
export interface Target {
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly handle: Handler;
  inFlight: number;
  /** Out of the pool until then, monotonic ms. */
  downUntilMs: number;
}

/** What a pool is made from. */
export interface PoolHost {
  readonly resolver: Resolver;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
}

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
  #view: View | undefined;
  #targets: Target[] = [];
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

  /** An endpoint that can take a call now, not one of `tried` while there is another; undefined when there is none. */
  choose(tried: readonly string[] | undefined): Target | undefined {
    this.#refresh();
    const nowMs = this.#targets.length > 0 ? this.#host.clock.nowMs() : 0;
    const up = this.#targets.filter((target) => target.downUntilMs <= nowMs);
    const fresh = tried === undefined ? up : up.filter((target) => !tried.includes(target.id));
    return this.#better(fresh.length > 0 ? fresh : up);
  }

  /** Takes an endpoint out after its connection failed. */
  failed(target: Target): void {
    target.downUntilMs = this.#host.clock.nowMs() + downMs;
  }

  /** Waits for an endpoint until `waitMs` passed or the call ended; undefined when none came. */
  wait(call: Call, waitMs: number): Promise<Target | undefined> {
    if (this.#waiting.size >= waitersMax || this.#missedView === this.#view) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const { clock } = this.#host;
      const giveUp = clock.after(waitMs, () => {
        this.#missedView = this.#view;
        finish(undefined);
      });
      // An endpoint that is down comes back by time alone, which no view announces.
      let recheck = clock.after(downMs, look);
      const unlisten = call.onCancel(() => finish(undefined));
      const waiting = this.#waiting.add(wake);
      const choose = () => this.choose(undefined);
      function wake() {
        const target = choose();
        if (target !== undefined) finish(target);
      }
      function look() {
        recheck = clock.after(downMs, look);
        wake();
      }
      function finish(target: Target | undefined) {
        giveUp.cancel();
        recheck.cancel();
        unlisten();
        waiting.delete(wake);
        resolve(target);
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
      .map((endpoint) => this.#target(endpoint, before.get(endpoint.id)));
    this.#local = this.#targets.find((target) => target.endpoint.address?.startsWith("memory:"));
  }

  #target(endpoint: Endpoint, before: Target | undefined): Target {
    if (before?.endpoint.address === endpoint.address) return before as Target;
    return { id: endpoint.id, endpoint, handle: this.#host.dial(endpoint), inFlight: 0, downUntilMs: 0 };
  }

  #better(targets: readonly Target[]): Target | undefined {
    if (targets.length < 2) return targets[0];
    const first = Math.floor(this.#host.random.next() * targets.length);
    const second = (first + 1 + Math.floor(this.#host.random.next() * (targets.length - 1))) % targets.length;
    const [a, b] = [targets[first] as Target, targets[second] as Target];
    return b.inFlight < a.inFlight ? b : a;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
