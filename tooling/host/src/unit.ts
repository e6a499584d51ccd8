/**
 * A unit as a process of its own:
 *
 *     spec ─▶ own token ─▶ announced as starting ─▶ services opened ─▶ listening ─▶ announced as ready
 *                                                                                        │
 *     exit ◀─ everything closed ◀─ calls in flight done ◀─ announced as draining ◀───────┘
 */

import type { Client } from "@cantle/contract";
import { asCantleError, type CantleError, type Running, systemClock } from "@cantle/core";
import { createUnitToken, createVerifier, hostPeer, identity } from "@cantle/identity";
import { brokerContract } from "@cantle/messaging";
import {
  type Announced,
  createRegistration,
  createRegistryResolver,
  metadataOf,
  type RegistryResolver,
  registry,
  type Whereabouts,
} from "@cantle/registry";
import { clientAs, type ServiceDefinition, usedContracts } from "@cantle/service";
import { loadService, type System } from "@cantle/system";
import type { Logger } from "@cantle/telemetry";
import { openAdmin } from "./admin.ts";
import { instanceService } from "./describe.ts";
import { connectForeign } from "./external-dial.ts";
import { createInstance, type Failures, type Instance } from "./instance.ts";
import { interruptible } from "./interruptible.ts";
import { followPolicies } from "./live-policies.ts";
import type { LoadMeter } from "./load-meter.ts";
import type { Network } from "./network.ts";
import { reachBroker } from "./reach-broker.ts";
import type { Settings } from "./settings.ts";
import type { Share } from "./share.ts";
import { readWhereabouts } from "./whereabouts.ts";

/** What a unit's process is told at its start. */
export interface UnitStart {
  readonly system: System;
  readonly unit: string;
  /** Unique among all starts of all instances. */
  readonly instance: string;
  readonly services: readonly string[];
  readonly network: Network;
  /** Where the control plane listens. */
  readonly control: string;
  /** Where the embedded broker listens; absent where `BROKER_URL` names another. */
  readonly broker?: string | undefined;
  /** Proves to the issuer which services this unit may run. */
  readonly bootstrap: string;
  readonly settings: Settings;
  readonly log: Logger;
  /** Counts what comes in; absent: nobody asks. */
  readonly meter?: LoadMeter | undefined;
  /** Of which release it is; absent: of the only one. */
  readonly share?: Share | undefined;
  /** Breaks a start off that is not done. */
  readonly signal?: AbortSignal | undefined;
}

/** A unit that runs. */
export interface RunningUnit extends Running {
  readonly addresses: readonly string[];
  readonly services: readonly string[];
}

/** A process that is a member of the system: believed by the others, and knowing where they are. */
export interface Member {
  readonly instance: Instance;
  readonly resolver: RegistryResolver;
  /** The registry, in the name of this unit. */
  readonly leases: Client<typeof registry>;
  /** What is announced of this process with each of its services. */
  readonly metadata: () => Readonly<Record<string, string>>;
  /** Throws when the unit's token has run out. */
  readonly checkToken: () => void;
}

/** Starts a unit. Services that cannot be loaded or opened are logged and missing; throws when none is left. */
export async function startUnit(start: UnitStart): Promise<RunningUnit> {
  const { signal } = start;
  const definitions = await interruptible(loadAll(start), signal);
  const { instance, leases, metadata, checkToken } = await join(start, usesOf(definitions));
  const { clock, random, log } = instance.mesh;
  const registration = createRegistration({
    client: leases,
    instance: instance.id,
    services: announced(definitions, "starting", { metadata: metadata() }),
    clock,
    random,
    log,
  });
  instance.started.add(() => registration.stop());
  start.share?.follow(() => void registration.setMetadata(metadata()));
  try {
    const failures = await instance.run([...definitions, instanceService(instance)], signal);
    const left = definitions.filter(({ contract }) => !failures.has(contract.name));
    tellFailures(failures, { isAll: left.length === 0, log });
    signal?.throwIfAborted();
    const listeners = await start.network.listen({ instance: instance.id, doors: instance.doors, clock, random, log });
    const addresses = listeners.map((listener) => listener.address);
    const admin = await openAdmin(
      {
        title: start.unit,
        clock,
        contracts: left.map(({ contract }) => contract),
        checks: { token: checkToken, ...instance.checks() },
      },
      instance.started,
    );
    const keepsKeys = (name: string) => instance.services.get(name)?.keepsKeys ?? false;
    await registration.replace(announced(left, "ready", { metadata: metadata(), addresses, keepsKeys }));
    await instance.take();
    return {
      addresses: [...addresses, admin.address],
      services: left.map(({ contract }) => contract.name),
      async stop() {
        admin.drain();
        await registration.setState("draining");
        await Promise.all(listeners.map((listener) => listener.stop()));
        await instance.started.stop();
      },
    };
  } catch (error) {
    await instance.started.stop();
    throw error;
  }
}

async function loadAll({ system, services, log }: UnitStart): Promise<ServiceDefinition[]> {
  const failures = new Map<string, CantleError>();
  const load = (name: string) =>
    loadService(system, name).catch((error: unknown) => void failures.set(name, asCantleError(error)));
  const definitions = (await Promise.all(services.map(load))).filter((definition) => definition !== undefined);
  tellFailures(failures, { isAll: definitions.length === 0, log });
  return definitions;
}

/** What some services lack is in the log; what all lack is the failure of the unit. */
function tellFailures(failures: Failures, { isAll, log }: { readonly isAll: boolean; readonly log: Logger }): void {
  const [first, ...others] = failures;
  for (const [name, error] of isAll ? others : failures) log.error(`'${name}' does not run`, { error });
  if (isAll && first !== undefined) throw first[1];
}

/** Becomes a member of the system, with a token of its own that says what each of its services may call. */
export async function join(
  start: Pick<
    UnitStart,
    "instance" | "system" | "control" | "broker" | "bootstrap" | "settings" | "log" | "network" | "meter" | "share"
  >,
  uses: Record<string, "*" | string[]>,
): Promise<Member> {
  const { system, instance: id, control, bootstrap, settings, log, network } = start;
  const whereabouts = readWhereabouts(settings.env);
  const whereaboutsNow = () => ofRelease(whereabouts, start.share);
  let token = () => bootstrap;
  const connect = network.connector({
    clock: systemClock,
    token: () => token(),
    services: [hostPeer, ...Object.keys(uses)],
  });
  const verifier = createVerifier({
    keys: () => client.keys().then((set) => set as never),
    issuer: system.name,
    clock: systemClock,
    log,
  });
  const policies = followPolicies({ system, settings, clock: systemClock, log });
  const instance: Instance = createInstance({
    known: Object.keys(system.services),
    id,
    log,
    settings,
    meter: start.meter,
    policies: policies.current,
    zone: whereabouts.zone,
    connect: connectForeign(system, systemClock, connect),
    trust: { peerOf: verifier.peer, callerOf: verifier.caller },
    brokerOf: reachBroker({ broker: start.broker, settings, mesh: () => instance.mesh }),
  });
  instance.started.add(() => policies.stop());
  instance.platform(["identity", "registry"], control);
  if (start.broker !== undefined) instance.platform([brokerContract.name], start.broker);
  const host = { service: hostPeer, uses: "*" as const };
  const client = clientAs(identity, host, instance.mesh);
  const { clock, random } = instance.mesh;
  const unitToken = createUnitToken({ client, bootstrap, instance: id, uses, clock, log });
  instance.started.add(() => unitToken.stop());
  await unitToken.start();
  // The first connection was made with the bootstrap token, and a connection is who it was when it was opened.
  await instance.reconnect(control);
  token = unitToken.current;
  const leases = clientAs(registry, host, instance.mesh);
  const resolver = createRegistryResolver({
    client: leases,
    clock,
    random,
    log,
    canDial: network.canDial,
  });
  instance.started.add(() => resolver.stop());
  instance.elsewhere(resolver);
  return { instance, resolver, leases, metadata: () => metadataOf(whereaboutsNow()), checkToken: unitToken.check };
}

function usesOf(definitions: readonly ServiceDefinition[]): Record<string, string[]> {
  return Object.fromEntries(
    definitions.map((definition) => [
      definition.contract.name,
      [
        ...[...usedContracts(definition).values()].map((contract) => contract.name),
        ...(wantsBroker(definition) ? [brokerContract.name] : []),
      ],
    ]),
  );
}

/** True for a service that publishes, sends or subscribes. */
function wantsBroker(definition: ServiceDefinition): boolean {
  const { contract, subscriptions, schedules } = definition;
  const sends = [...usedContracts(definition).values()].some(({ queues }) => Object.keys(queues).length > 0);
  const has = [contract.events, contract.queues, subscriptions, schedules].some((each) => Object.keys(each).length > 0);
  return has || sends;
}

interface Announcing {
  readonly metadata: Announced["metadata"];
  readonly addresses?: readonly string[];
  readonly keepsKeys?: (service: string) => boolean;
}

function announced(
  definitions: readonly ServiceDefinition[],
  state: Announced["state"],
  { metadata, addresses = [], keepsKeys = () => false }: Announcing,
): Announced[] {
  return definitions.map(({ contract: { name: service, version } }) => ({
    service,
    version,
    addresses,
    state,
    metadata: { ...metadata, ...metadataOf({ keepsKeys: keepsKeys(service) }) },
  }));
}

/** The same with the release that it is of, which is not for the environment to say. */
function ofRelease(whereabouts: Whereabouts, { release, current: share }: Partial<Share> = {}): Whereabouts {
  if (release === undefined) return whereabouts;
  return { ...whereabouts, labels: { ...whereabouts.labels, release }, ...(share !== undefined && { share }) };
}
