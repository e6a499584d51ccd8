/**
 * The embedded broker's way in: a Unix socket of the system, in whichever process the broker is. Units that have a process of
 * their own come through it, each service in its own name, and so does the command line.
 */
import { createStarted, type Running, type Started, systemClock, systemRandom } from "@cantle/core";
import { type Broker, brokerContract, brokerHandlers } from "@cantle/messaging";
import { type ServiceDefinition, service } from "@cantle/service";
import type { System } from "@cantle/system";
import type { Logger } from "@cantle/telemetry";
import { listenWire } from "@cantle/transport";
import { socketOf } from "./addresses.ts";
import { openBroker } from "./broker.ts";
import { openIssuer } from "./control.ts";
import type { Trust } from "./entrances.ts";
import { createInstance } from "./instance.ts";
import { platformPolicies } from "./policies.ts";
import type { Settings } from "./settings.ts";

const time = { clock: systemClock, random: systemRandom() };

/** Where the embedded broker of the system in `home` is reached. */
export function brokerSocket(home: string): string {
  return socketOf(home, "broker");
}

/** The broker as a service. */
export function brokerService(broker: Broker, started: Started): ServiceDefinition {
  const served = brokerHandlers(broker, time);
  // Before its doors close: consumers give back what they have in hand, and their streams end.
  started.add(() => served.close());
  return service(brokerContract, { handlers: served.handlers });
}

/** What a door is opened with. */
export interface BrokerDoor {
  readonly system: System;
  readonly settings: Settings;
  readonly log: Logger;
  readonly trust: Trust;
}

/** Opens it, until `started` stops; answers with its address. */
export async function openBrokerDoor(
  broker: Broker,
  { system, settings, log, trust }: BrokerDoor,
  started: Started,
): Promise<string> {
  const known = Object.keys(system.services);
  const instance = createInstance({ id: "broker", known, log, settings, policies: platformPolicies, trust });
  started.add(() => instance.started.stop());
  const listener = await listenWire(brokerSocket(settings.home), instance.doors, time);
  // A consumer's stream never ends by itself, so there is nothing to wait for.
  started.add(() => listener.stop(0));
  const [failure] = (await instance.run([brokerService(broker, started)])).values();
  if (failure !== undefined) throw failure;
  return listener.address;
}

/** What the unit `broker` is told. */
export interface BrokerStart {
  readonly system: System;
  readonly settings: Settings;
  readonly log: Logger;
}

/** The unit `broker`: the embedded broker in a process of its own. */
export async function startBrokerUnit({
  system,
  settings,
  log,
}: BrokerStart): Promise<Running & { readonly addresses: readonly string[]; readonly services: readonly string[] }> {
  const started = createStarted();
  try {
    const issuer = await openIssuer({ system: system.name, settings, log, ...time }, started);
    const trust = { peerOf: issuer.verifier.peer, callerOf: issuer.verifier.caller };
    const broker = await openBroker({ settings, log, ...time });
    started.add(() => broker.close());
    const address = await openBrokerDoor(broker, { system, settings, log, trust }, started);
    return { addresses: [address], services: ["broker"], stop: () => started.stop() };
  } catch (error) {
    await started.stop();
    throw error;
  }
}
