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
  type Caller,
  CantleError,
  type Clock,
  createDeadlines,
  createStarted,
  type Operation,
  operationId,
  type Peer,
  type Random,
  type Started,
  systemClock,
  systemRandom,
} from "@cantle/core";
import {
  createLoopDelay,
  type Endpoint,
  type LoopDelay,
  type OutboundHost,
  type Policies,
  type PolicySource,
  type Resolver,
  type StaticResolver,
  staticResolver,
} from "@cantle/mesh";
import { type RunningService, runService, type ServedOperation, type ServiceDefinition } from "@cantle/service";
import type { Logger } from "@cantle/telemetry";
import type { Connection, Doors, Served } from "@cantle/transport";
import { messageBytesMaxOf } from "./broker.ts";
import { engineFinder } from "./engines.ts";
import type { LoadMeter } from "./load-meter.ts";
import { type BrokerOf, Messages, type MessagesHost } from "./messages.ts";
import { configSources, type Settings } from "./settings.ts";

/** Who an instance may believe. */
export interface Trust {
  peerOf(token: string | undefined, service: string): Peer | Promise<Peer>;
  callerOf(assertion: string): Caller | Promise<Caller>;
}

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
  readonly connect?: (address: string, service: string) => Connection;
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
  const resolver = layered(here);
  const services = new Map<string, RunningService>();
  const served = new Map<string, Served>();
  /** The same for callers of other processes. */
  const entrances = new Map<string, Served>();
  const connections = connectionsOf(options, started);
  const mesh: OutboundHost = {
    clock,
    random,
    deadlines: createDeadlines(clock),
    log,
    loopDelay: sheds ? loopDelayOf(clock, started) : undefined,
    policies,
    resolver,
    zone,
    dial: (endpoint) => (endpoint.address?.startsWith("memory:") ? local(served) : connections.to(endpoint)),
  };
  const engineOf = engineFinder(settings);
  const messages = messagesOf(options, { clock, random, log });
  if (messages !== undefined) started.add(() => messages.close());

  async function runOne(definition: ServiceDefinition, config: unknown): Promise<void> {
    const { name, version } = definition.contract;
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

/** Its messages; undefined where there is no broker. */
function messagesOf(
  { brokerOf, settings }: InstanceOptions,
  host: Omit<MessagesHost, "brokerOf" | "messageBytesMax">,
): Messages | undefined {
  return brokerOf && new Messages({ ...host, brokerOf, messageBytesMax: messageBytesMaxOf(settings) });
}

/** Throws `CONFIG_INVALID` with every mistake of all of them. */
function configsOf(definitions: readonly ServiceDefinition[], { settings, known }: InstanceOptions) {
  const services = Object.fromEntries(definitions.map(({ contract, config }) => [contract.name, config]));
  return resolveConfigs({ services, sources: configSources(settings, services), others: known });
}

/** The event loop is the machine's: where time is made up, nothing can be late. */
function loopDelayOf(clock: Clock, started: Started): LoopDelay | undefined {
  if (clock !== systemClock) return undefined;
  const loopDelay = createLoopDelay(clock);
  started.add(() => loopDelay.stop());
  return loopDelay;
}

/** Calls of the same process: a lookup and a function call. A caller may have another version of the contract here too. */
function local(served: ReadonlyMap<string, ServedOperation>): Connection["handle"] {
  return (call) => {
    const { operation } = call;
    const found = served.get(operationId(operation));
    if (found?.operation === operation) return found.handle(call);
    try {
      if (found === undefined) throw unknownOperation(operation);
      checkVersion(found.operation.version, operation.version, operation.service);
    } catch (error) {
      return Promise.reject(error);
    }
    return found.handle(call);
  };
}

function unknownOperation({ service, name }: Operation): CantleError {
  return new CantleError("OPERATION_UNKNOWN", `there is no operation '${name}' of '${service}' here`);
}

/** What is here first, then what the registry says. */
function layered(here: StaticResolver): Resolver & { below(resolver: Resolver): void } {
  let elsewhere: Resolver = staticResolver();
  const watches = new Set<{ service: string; listener: () => void; stop: () => void }>();
  return {
    view(service) {
      const view = here.view(service);
      return view.endpoints.length > 0 ? view : elsewhere.view(service);
    },
    watch(service, listener) {
      const stopHere = here.watch(service, listener);
      const watch = { service, listener, stop: elsewhere.watch(service, listener) };
      watches.add(watch);
      return () => {
        stopHere();
        watch.stop();
        watches.delete(watch);
      };
    },
    below(resolver) {
      elsewhere = resolver;
      for (const watch of watches) {
        watch.stop();
        watch.stop = resolver.watch(watch.service, watch.listener);
        watch.listener();
      }
    },
  };
}

/** One connection an address, opened when it is first used. */
function connectionsOf({ connect }: InstanceOptions, started: Started) {
  const open = new Map<string, Connection>();
  started.add(async () => void (await Promise.all([...open.values()].map((connection) => connection.close()))));
  return {
    to({ address, service }: Endpoint): Connection["handle"] {
      if (connect === undefined || address === undefined)
        return () =>
          Promise.reject(
            new CantleError("CONNECT_FAILED", `'${service}' runs elsewhere, and this instance has no way there`),
          );
      return (call) => {
        const connection = open.get(address) ?? connect(address, service);
        open.set(address, connection);
        return connection.handle(call);
      };
    },
    async close(address: string): Promise<void> {
      await open.get(address)?.close();
      open.delete(address);
    },
  };
}

function doorsOf(served: ReadonlyMap<string, Served>, trust: Trust | undefined): Doors {
  const nobody = (): never => {
    throw new CantleError("PEER_REFUSED", "this instance takes no calls from outside");
  };
  return {
    find(service, operation, wanted) {
      const found = served.get(`${service}.${operation}`);
      if (found !== undefined && wanted !== undefined) checkVersion(found.operation.version, wanted, service);
      return found;
    },
    list: () => [...served.values()],
    peerOf: trust?.peerOf ?? nobody,
    callerOf: trust?.callerOf ?? nobody,
  };
}

/**
 * A caller needs the same major, as others may mean anything. An older minor here may lack an operation or a member that the
 * caller knows; members it lacks are optional to the caller, and an operation it lacks is not found.
 */
function checkVersion(have: string, want: string, service: string): void {
  if (have.split(".")[0] === want.split(".")[0]) return;
  throw new CantleError(
    "CONTRACT_INCOMPATIBLE",
    `'${service}' runs version ${have}, and the caller was written for ${want}`,
    { help: "run both majors side by side until no caller needs the old one" },
  );
}
