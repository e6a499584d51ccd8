/**
 * Whoever operates a running system, from another process of the same user: it has the system's keys, so it makes itself a token
 * of the platform and asks each instance directly. Nothing of the system has to be well but the instance that is asked.
 */
import type { Client, Contract } from "@cantle/contract";
import {
  asCantleError,
  type CantleError,
  createDeadlines,
  createStarted,
  type Running,
  systemClock,
  systemRandom,
} from "@cantle/core";
import { hostPeer } from "@cantle/identity";
import { type Dial, staticResolver } from "@cantle/mesh";
import { type Broker, brokerContract, openRemoteBroker } from "@cantle/messaging";
import { clientAs } from "@cantle/service";
import type { InstanceRow } from "@cantle/supervisor";
import type { System } from "@cantle/system";
import { silentLogger } from "@cantle/telemetry";
import { connector } from "./addresses.ts";
import { isEmbedded, openBroker } from "./broker.ts";
import { brokerSocket } from "./broker-door.ts";
import { openIssuer } from "./control.ts";
import { instanceContract } from "./describe.ts";
import { isExternal } from "./external-source.ts";
import type { Settings } from "./settings.ts";

/** What one instance answered, or why it did not. */
export type Answered<T> = { readonly instance: string } & (
  | { readonly kind: "answer"; readonly answer: T }
  | { readonly kind: "failure"; readonly error: CantleError }
);

/** A client of the platform's own operations of an instance. */
export type InstanceClient = Client<typeof instanceContract>;

/** Asks instances of a running system. */
export interface Operator extends Running {
  /** The system's broker, with all rights: the embedded one, or the one that `BROKER_URL` names. Throws `BROKER_UNAVAILABLE` when it is not there. */
  broker(): Promise<Broker>;
  /** Asks all of these rows that are ready and can be asked, at once. */
  ask<T>(rows: readonly InstanceRow[], question: (client: InstanceClient) => Promise<T>): Promise<Answered<T>[]>;
}

const time = { clock: systemClock, random: systemRandom() };

/** Becomes an operator of the system whose state is in `settings.home`. */
export async function becomeOperator(system: System, settings: Settings): Promise<Operator> {
  const started = createStarted();
  try {
    const issuer = await openIssuer({ system: system.name, settings, log: silentLogger, ...time }, started);
    const { token: proof } = await issuer.bootstrap({ unit: "operator", services: [], platform: true });
    const { token } = await issuer.unit({ proof, instance: "operator", uses: {} });
    const connect = connector({ ...time, token: () => token, services: [hostPeer] });
    const at = (address: string): Dial => {
      const connection = connect(address);
      started.add(() => connection.close());
      return () => connection.handle;
    };
    const clientAt = (address: string) => clientOf(instanceContract, address, at(address));
    return {
      async broker() {
        const address = brokerSocket(settings.home);
        const client = () => clientOf(brokerContract, address, at(address));
        const broker = isEmbedded(settings.env)
          ? await openRemoteBroker({ client: client(), ...time, log: silentLogger })
          : await openBroker({ settings, ...time, log: silentLogger });
        started.add(() => broker.close());
        return broker;
      },
      ask: (rows, question) =>
        Promise.all(
          rows.flatMap((row) => doorsOf(system, row).map((door) => answerOf(row, () => question(clientAt(door))))),
        ),
      stop: () => started.stop(),
    };
  } catch (error) {
    await started.stop();
    throw error;
  }
}

function clientOf<C extends Contract<string, any>>(contract: C, address: string, dial: Dial): Client<C> {
  const resolver = staticResolver();
  const { name: service, version } = contract;
  resolver.set(service, [{ id: address, service, version, state: "ready", address }]);
  const host = { ...time, deadlines: createDeadlines(time.clock), log: silentLogger, resolver, dial };
  return clientAs(contract, { service: hostPeer, uses: "*" }, host);
}

/**
 * Where an instance can be asked; nowhere for the control plane and the broker, which call nobody. A token of the platform is shown
 * to instances only: over HTTP neither to a gateway's outside nor to a foreign program. Each worker of a gateway has a door.
 */
function doorsOf(system: System, { unit, services, state, addresses }: InstanceRow): readonly string[] {
  if (unit === "control" || unit === "broker" || state !== "ready") return [];
  const sockets = addresses.filter((address) => address.startsWith("unix:"));
  if (unit === "gateway") return sockets;
  if (sockets.length > 0 || services.some((service) => isExternal(system, service))) return sockets.slice(0, 1);
  return addresses.filter((address) => address.startsWith("http:")).slice(0, 1);
}

async function answerOf<T>({ instance }: InstanceRow, ask: () => Promise<T>): Promise<Answered<T>> {
  try {
    return { instance, kind: "answer", answer: await ask() };
  } catch (error) {
    return { instance, kind: "failure", error: asCantleError(error) };
  }
}
