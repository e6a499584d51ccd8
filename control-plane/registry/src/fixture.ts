/**
 * For the tests of this package: a registry that can die and come back, and the way to it, which can fail. Everything is real
 * but the network, on virtual time and from a seed.
 */
import type { Client } from "@cantle/contract";
import { CantleError, type Random, seededRandom, type VirtualClock } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import type { registry, WatchItem } from "./contract.ts";
import type { Feed } from "./feed.ts";
import type { Announced, Owner } from "./instance.ts";
import { promiseClock } from "./promise-clock.ts";
import { createRegistration, type Registration } from "./registration.ts";
import { createRegistry, type Registry } from "./registry.ts";
import { createRegistryResolver, type RegistryResolver } from "./resolver.ts";

/** A small system around one registry. */
export interface World {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly network: {
    /** The share of calls that are lost, on the way there or on the way back. */
    loss: number;
    /** The registry that runs; undefined while it is dead. */
    readonly registry: Registry | undefined;
    /** Breaks every open watch, as a broken connection does. */
    breakWatches(): void;
  };
  startRegistry(): void;
  killRegistry(): Promise<void>;
  /** Starts an instance of `posts` that announces itself, and does not watch. */
  instance(id: string, state?: Announced["state"]): Instance;
  /** Starts one that watches the registry too, as every unit does, with clocks that are off by this much. */
  unit(id: string, clockOffMs?: number): Unit;
  resolver(): RegistryResolver;
  /** Stops everything. */
  stop(): Promise<void>;
}

/** A running instance. */
export interface Instance {
  readonly registration: Registration;
  /** As by `kill -9`: nothing more is heard of it. */
  kill(): void;
}

/** One that watches. */
export interface Unit extends Instance {
  readonly resolver: RegistryResolver;
  /** Its event loop is blocked: nothing is heard of it for so long, and its connection stays open. */
  stall(ms: number): void;
}

/** Whether a process is there, and whether it can do anything just now. */
interface Life {
  readonly ending: AbortController;
  stalled: Promise<void>;
}

/** What an instance of `posts` announces. */
export function announced(id: string, state: Announced["state"] = "ready"): Announced {
  return { service: "posts", version: "1.0.0", addresses: [`unix:/run/${id}.sock`], state, metadata: {} };
}

/** The owner that the token of `web-1`, of the unit `web`, would name. */
export function ownerOf(instance: string): Owner {
  return {
    unit: instance.slice(0, instance.lastIndexOf("-")),
    instance,
    services: new Set(["posts"]),
    platform: false,
  };
}

const newLife = (): Life => ({ ending: new AbortController(), stalled: Promise.resolve() });
const isAlive = ({ ending }: Life) => !ending.signal.aborted;
const lost = () => new CantleError("UNREACHABLE", "the connection broke");

/** The network between a registry and its clients. */
class Network {
  loss = 0;
  registry: Registry | undefined;
  readonly #random: Random;
  #broken = Promise.withResolvers<never>();

  constructor(random: Random) {
    this.#random = random;
    this.#broken.promise.catch(() => {});
  }

  breakWatches(): void {
    this.#broken.reject(lost());
    this.#broken = Promise.withResolvers<never>();
    this.#broken.promise.catch(() => {});
  }

  /** A client of whatever registry runs; who is not alive any more never hears an answer. */
  client(instance: string, life: Life = newLife()): Client<typeof registry> {
    const owner = ownerOf(instance);
    const reach = async <T>(act: (to: Registry) => T): Promise<T> => {
      await life.stalled;
      if (life.ending.signal.aborted) return new Promise<never>(() => {});
      if (this.registry === undefined || this.#random.next() < this.loss / 2) throw lost();
      const answer = act(this.registry);
      if (this.#random.next() < this.loss / 2) throw lost();
      return answer;
    };
    return {
      register: (input) => reach((to) => to.register(owner, { ...input, services: input.services as Announced[] })),
      heartbeat: (input) => reach((to) => to.heartbeat(owner, input)),
      setState: (input) => reach((to) => to.setState(owner, input)),
      deregister: (input) => reach((to) => to.deregister(owner, input)),
      list: () => reach((to) => ({ instances: to.list() })),
      watch: (_, options) =>
        reach((to) => this.#watch(to.watch(owner), [life.ending.signal, ...(options?.signal ? [options.signal] : [])])),
    };
  }

  #watch(feed: Feed, signals: readonly AbortSignal[]): AsyncIterable<WatchItem> {
    for (const signal of signals) signal.addEventListener("abort", () => feed.end());
    // Both ends see a connection that breaks.
    this.#broken.promise.catch(() => feed.end());
    const next = () => Promise.race([feed.next(), this.#broken.promise]);
    return { [Symbol.asyncIterator]: () => ({ next, return: () => feed.return() }) };
  }
}

/** Makes a world with a registry in it. */
export function createWorld(seed = 1): World {
  const clock = promiseClock();
  const random = seededRandom(seed);
  const log = silentLogger;
  const network = new Network(random);
  const stops: (() => Promise<void>)[] = [];
  const startRegistry = () => {
    network.registry = createRegistry({ clock, log });
  };
  startRegistry();
  return {
    clock,
    random,
    network,
    startRegistry,
    async killRegistry() {
      const dead = network.registry;
      network.registry = undefined;
      network.breakWatches();
      await dead?.stop();
    },
    instance(id, state) {
      const life = newLife();
      const client = network.client(id, life);
      const services = [announced(id, state)];
      const registration = createRegistration({ client, instance: id, services, clock, random, log });
      stops.push(async () => void (isAlive(life) && (await registration.stop())));
      return { registration, kill: () => life.ending.abort() };
    },
    unit(id, clockOffMs = 0) {
      const life = newLife();
      const client = network.client(id, life);
      const own = { ...clock, nowMs: () => clock.nowMs() + clockOffMs, wallMs: () => clock.wallMs() + clockOffMs };
      const resolver = createRegistryResolver({ client, clock: own, log, random });
      const services = [announced(id)];
      const registration = createRegistration({ client, instance: id, services, clock: own, random, log });
      stops.push(async () => {
        // Who was killed waits for answers that never come.
        if (!isAlive(life)) return;
        await registration.stop();
        await resolver.stop();
      });
      return {
        registration,
        resolver,
        kill: () => life.ending.abort(),
        stall(ms) {
          life.stalled = new Promise((resolve) => void clock.after(ms, resolve));
        },
      };
    },
    resolver() {
      const resolver = createRegistryResolver({ client: network.client("gateway-1"), clock, log, random });
      stops.push(() => resolver.stop());
      return resolver;
    },
    async stop() {
      network.loss = 0;
      for (const stop of stops) await stop();
      await network.registry?.stop();
    },
  };
}

/** The ids in a resolver's view of `posts`. */
export function idsOf(resolver: RegistryResolver): string {
  return resolver
    .view("posts")
    .endpoints.map(({ id }) => id)
    .join(" ");
}
