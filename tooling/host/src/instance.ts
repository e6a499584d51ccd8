/**
 * One running copy of a unit, from inside: its way out (resolver, connections), its doors, and the services behind them.
 *
 *     services ──▶ doors ──▶ listeners             who is in this process is called in memory,
 *        │                                         everybody else through the registry's view
 *        └── mesh ──▶ resolver ──▶ dial ──▶ connections
 */

import { resolveConfigs } from "@cantle/config";
import {
  asCantleError,
  type CantleError,
  type Clock,
  createDeadlines,
  createStarted,
  operationId,
  type Random,
  type Started,
  systemClock,
  systemRandom,
} from "@cantle/core";
import {
  createLoopDelay,
  type LoopDelay,
  type OutboundHost,
  type Policies,
  type PolicySource,
  type Resolver,
  staticResolver,
} from "@cantle/mesh";
import { type RunningService, runService, type ServiceDefinition } from "@cantle/service";
import type { Logger } from "@cantle/telemetry";
import type { Doors, Served } from "@cantle/transport";
import { messageBytesMaxOf } from "./broker.ts";
import { checkMessages } from "./check-messages.ts";
import { type Connect, createConnections } from "./connections.ts";
import { engineFinder } from "./engines.ts";
import { colocated, doorsOf, type Trust } from "./entrances.ts";
import { layeredResolver } from "./layered-resolver.ts";
import type { LoadMeter } from "./load-meter.ts";
import { type BrokerOf, Messages } from "./messages.ts";
import { configSources, type Settings } from "./settings.ts";

/** What an instance is made with. */
export interface InstanceOptions {
  readonly id: string;
  readonly log: Logger;
  readonly settings: Settings;
  /** All services of the system: configuration may name those that run elsewhere, and no others. */
  readonly known: readonly string[];
  readonly policies?: Policies | PolicySource | undefined;
  /** Where it runs; calls stay in a zone while they can. */
  readonly zone?: string | undefined;
  readonly clock?: Clock;
  readonly random?: Random;
  /** False where it is nobody's business how busy the machine is: in tests. Default true: a late event loop sheds. */
  readonly sheds?: boolean;
  /** Opens a connection to an address of another process. */
  readonly connect?: Connect;
  /** Absent: nobody from outside is believed. */
  readonly trust?: Trust;
  /** Absent: the platform's own services, which publish nothing. */
  readonly brokerOf?: BrokerOf;
  /** Counts the calls that come in from outside. */
  readonly meter?: LoadMeter | undefined;
}

/** A running copy of a unit. */
export interface Instance {
  readonly id: string;
  readonly mesh: OutboundHost;
  readonly doors: Doors;
  readonly started: Started;
  /** The services that run here. */
  readonly services: ReadonlyMap<string, RunningService>;
  /** Says where the platform's own services are, when they run in another process. */
  platform(services: readonly string[], address: string): void;
  /** Closes the connection to an address; the next call opens another. */
  reconnect(address: string): Promise<void>;
  /** Where services elsewhere are found, once there is a registry to ask. */
  elsewhere(resolver: Resolver): void;
  /** Begins to take messages: call it when everything that their handlers call can be called. Throws what the broker cannot be opened with. */
  take(): Promise<void>;
  /** Whether what each service owns can work just now, by service. */
  checks(): Record<string, () => Promise<void>>;
  /**
   * Runs services in this process; each is callable from the moment it is ready. Answers with those that could not be opened,
   * and why. Throws `CONFIG_INVALID` with every mistake of all of them, before any is opened.
   */
  run(definitions: readonly ServiceDefinition[], signal?: AbortSignal): Promise<Failures>;
}

/** Services that do not run, with why. */
export type Failures = ReadonlyMap<string, CantleError>;

/** An instance without services. */
export function createInstance(options: InstanceOptions): Instance {
  const { id, log, settings, policies, zone, sheds = true, clock = systemClock, random = systemRandom() } = options;
  const started = createStarted();
  const here = staticResolver();
  const resolver = layeredResolver(here);
  const services = new Map<string, RunningService>();
  const served = new Map<string, Served>();
  /** The same for callers of other processes. */
  const entrances = new Map<string, Served>();
  const connections = createConnections(options.connect, started);
  const mesh: OutboundHost = {
    clock,
    random,
    deadlines: createDeadlines(clock),
    log,
    loopDelay: sheds ? loopDelayOf(clock, started) : undefined,
    policies,
    resolver,
    zone,
    dial: (endpoint) => (endpoint.address?.startsWith("memory:") ? colocated(served) : connections.to(endpoint)),
  };
  const engineOf = engineFinder(settings);
  const messages = messagesOf(options, mesh, started);

  async function runOne(definition: ServiceDefinition, config: unknown): Promise<void> {
    const { name, version } = definition.contract;
    checkMessages(definition, settings);
    const running = await runService(definition, { ...mesh, config, engineOf, publisher: messages?.publisherOf(name) });
    started.add(() => running.stop());
    services.set(name, running);
    for (const each of running.served) {
      const name = operationId(each.operation);
      served.set(name, each);
      entrances.set(name, options.meter === undefined ? each : options.meter.served(each));
    }
    const { keepsKeys } = running;
    here.set(name, [{ id, service: name, version, state: "ready", address: `memory:${id}`, keepsKeys }]);
  }

  return {
    id,
    mesh,
    started,
    services,
    async take() {
      if (messages === undefined) return;
      // Before the services are stopped, which are later in the list.
      started.add(() => messages.drain());
      for (const running of services.values()) await messages.take(running);
    },
    doors: doorsOf(entrances, options.trust),
    platform(names, address) {
      for (const service of names)
        here.set(service, [{ id: "control", service, version: "1.0.0", state: "ready", address }]);
    },
    reconnect: (address) => connections.close(address),
    elsewhere: (found) => resolver.below(found),
    checks: () => Object.fromEntries([...services].map(([name, running]) => [name, () => running.check()])),
    async run(definitions, signal) {
      const configs = configsOf(definitions, options);
      const failures = new Map<string, CantleError>();
      for (const definition of definitions) {
        const { name } = definition.contract;
        signal?.throwIfAborted();
        await runOne(definition, configs[name]?.value ?? {}).catch((error) => failures.set(name, asCantleError(error)));
      }
      return failures;
    },
  };
}

/** None where there is no broker. */
function messagesOf(
  { brokerOf, settings }: InstanceOptions,
  mesh: OutboundHost,
  started: Started,
): Messages | undefined {
  if (brokerOf === undefined) return undefined;
  const { clock, random, log } = mesh;
  const messages = new Messages({ brokerOf, messageBytesMax: messageBytesMaxOf(settings), clock, random, log });
  started.add(() => messages.close());
  return messages;
}

/** Throws `CONFIG_INVALID` with every mistake of all of them. */
function configsOf(definitions: readonly ServiceDefinition[], { settings, known }: InstanceOptions) {
  const services = Object.fromEntries(definitions.map(({ contract, config }) => [contract.name, config]));
  return resolveConfigs({ services, sources: configSources(settings, services), others: known });
}

/** How long this thread has had a processor. */
function threadWorkedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** The event loop is the machine's: where time is made up, nothing can be late. */
function loopDelayOf(clock: Clock, started: Started): LoopDelay | undefined {
  if (clock !== systemClock) return undefined;
  const loopDelay = createLoopDelay(clock, threadWorkedMs);
  started.add(() => loopDelay.stop());
  return loopDelay;
}
