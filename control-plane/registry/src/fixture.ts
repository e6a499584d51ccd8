/**
 * For the tests of this package: a registry that can die and come back, and the way to it, which can fail. Everything is real
 * but the network, on virtual time and from a seed.
 */
import type { Client } from "@cantle/contract";
import { CantleError, type Random, seededRandom, type VirtualClock, virtualClock } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import type { registry, WatchItem } from "./contract.ts";
import type { Announced, Owner } from "./instance.ts";
import { createRegistration, type Registration } from "./registration.ts";
import { createRegistry, type Registry } from "./registry.ts";
import { createRegistryResolver, type RegistryResolver } from "./resolver.ts";

/** A small system around one registry. */
export interface World {
  readonly clock: VirtualClock;
  readonly random: Random;
  /** The share of calls that are lost, either on the way there or on the way back. */
  loss: number;
  readonly registry: Registry | undefined;
  startRegistry(): void;
  killRegistry(): Promise<void>;
  /** Breaks every open watch, as a broken connection does. */
  breakWatches(): void;
  /** Starts an instance of `posts` that announces itself. */
  instance(id: string, state?: Announced["state"]): Instance;
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

/** What an instance of `posts` announces. */
export function announced(id: string, state: Announced["state"] = "ready"): Announced {
  return { service: "posts", version: "1.0.0", addresses: [`unix:/run/${id}.sock`], state, metadata: {} };
}

/** The owner that an instance's token would name. */
export function ownerOf(instance: string): Owner {
  return { unit: "web", instance, services: new Set(["posts"]), platform: false };
}

const lost = () => new CantleError("UNREACHABLE", "the connection broke");

/** Makes a world with a registry in it. */
export function createWorld(seed = 1): World {
  const clock = virtualClock();
  const random = seededRandom(seed);
  const log = silentLogger;
  const stops: (() => Promise<void>)[] = [];
  let running: Registry | undefined = createRegistry({ clock, log });
  let broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});

  async function reach<T>(isAlive: () => boolean, act: (registry: Registry) => T): Promise<T> {
    if (!isAlive()) return new Promise<never>(() => {});
    if (running === undefined || random.next() < world.loss / 2) throw lost();
    const answer = act(running);
    if (random.next() < world.loss / 2) throw lost();
    return answer;
  }

  function clientOf(instance: string, isAlive = () => true): Client<typeof registry> {
    const owner = ownerOf(instance);
    return {
      register: (input) =>
        reach(isAlive, (to) => to.register(owner, { ...input, services: input.services as Announced[] })),
      heartbeat: (input) => reach(isAlive, (to) => to.heartbeat(owner, input)),
      setState: (input) => reach(isAlive, (to) => to.setState(owner, input)),
      deregister: (input) => reach(isAlive, (to) => to.deregister(owner, input)),
      list: () => reach(isAlive, (to) => ({ instances: to.list() })),
      watch: (_, options) => reach(isAlive, (to) => watchOf(to, options?.signal)),
    };
  }

  function watchOf(to: Registry, signal: AbortSignal | undefined): AsyncIterable<WatchItem> {
    const feed = to.watch();
    signal?.addEventListener("abort", () => feed.end());
    const next = () => Promise.race([feed.next(), broken.promise]);
    return { [Symbol.asyncIterator]: () => ({ next, return: () => feed.return() }) };
  }

  const world: World = {
    clock,
    random,
    loss: 0,
    get registry() {
      return running;
    },
    startRegistry() {
      running = createRegistry({ clock, log });
    },
    async killRegistry() {
      const dead = running;
      running = undefined;
      world.breakWatches();
      await dead?.stop();
    },
    breakWatches() {
      broken.reject(lost());
      broken = Promise.withResolvers<never>();
      broken.promise.catch(() => {});
    },
    instance(id, state) {
      let alive = true;
      const client = clientOf(id, () => alive);
      const registration = createRegistration({
        client,
        instance: id,
        services: [announced(id, state)],
        clock,
        random,
        log,
      });
      stops.push(async () => void (alive && (await registration.stop())));
      return { registration, kill: () => void (alive = false) };
    },
    resolver() {
      const resolver = createRegistryResolver({ client: clientOf("gateway-1"), clock, log, random });
      stops.push(() => resolver.stop());
      return resolver;
    },
    async stop() {
      world.loss = 0;
      for (const stop of stops) await stop();
      await running?.stop();
    },
  };
  return world;
}

/** The ids in a resolver's view of `posts`. */
export function idsOf(resolver: RegistryResolver): string {
  return resolver
    .view("posts")
    .endpoints.map(({ id }) => id)
    .join(" ");
}
