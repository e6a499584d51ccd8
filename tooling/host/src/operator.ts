/**
 * Whoever operates a running system, from another process of the same user: it has the system's keys, so it makes itself a token
 * of the platform and asks each instance directly. Nothing of the system has to be well but the instance that is asked.
 */
import type { Client } from "@cantle/contract";
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
import { clientAs } from "@cantle/service";
import type { InstanceRow } from "@cantle/supervisor";
import type { System } from "@cantle/system";
import { silentLogger } from "@cantle/telemetry";
import { connector } from "./addresses.ts";
import { openIssuer } from "./control.ts";
import { instanceContract } from "./describe.ts";
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
    const clientAt = (address: string): InstanceClient => {
      const connection = connect(address);
      started.add(() => connection.close());
      return clientOf(address, () => connection.handle);
    };
    return {
      ask: (rows, question) =>
        Promise.all(rows.flatMap((row) => askable(row, (address) => answerOf(row, () => question(clientAt(address)))))),
      stop: () => started.stop(),
    };
  } catch (error) {
    await started.stop();
    throw error;
  }
}

function clientOf(address: string, dial: Dial): InstanceClient {
  const resolver = staticResolver();
  const { name: service, version } = instanceContract;
  resolver.set(service, [{ id: address, service, version, state: "ready", address }]);
  const host = { ...time, deadlines: createDeadlines(time.clock), log: silentLogger, resolver, dial };
  return clientAs(instanceContract, { service: hostPeer, uses: "*" }, host);
}

/** The control plane calls nobody; a gateway's HTTP is for the outside, and each of its workers has a door of its own. */
function askable<T>({ unit, state, addresses }: InstanceRow, ask: (address: string) => T): T[] {
  if (unit === "control" || state !== "ready") return [];
  const doors = addresses.filter((each) => each.startsWith("unix:"));
  if (unit === "gateway") return doors.map(ask);
  const address = doors[0] ?? addresses.find((each) => each.startsWith("http:"));
  return address === undefined ? [] : [ask(address)];
}

async function answerOf<T>({ instance }: InstanceRow, ask: () => Promise<T>): Promise<Answered<T>> {
  try {
    return { instance, kind: "answer", answer: await ask() };
  } catch (error) {
    return { instance, kind: "failure", error: asCantleError(error) };
  }
}
