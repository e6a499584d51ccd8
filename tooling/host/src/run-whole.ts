/**
 * The inside of a system in one process: every service and the issuer, called in memory; no gateway, no registry, no folder of
 * its own. `whole.ts` puts a gateway before it; `@cantle/testing` calls it as it is.
 */
import {
  asCantleError,
  type CantleError,
  type Clock,
  isCantleError,
  type Random,
  type Started,
  systemClock,
  systemRandom,
} from "@cantle/core";
import type { Tokens } from "@cantle/gateway";
import { createCallerSource, identityService, type Verifier } from "@cantle/identity";
import type { Broker } from "@cantle/messaging";
import type { ServiceDefinition } from "@cantle/service";
import { loadService, type System } from "@cantle/system";
import type { Logger } from "@cantle/telemetry";
import { isEmbedded, openBroker } from "./broker.ts";
import { openIssuer } from "./control.ts";
import type { Trust } from "./entrances.ts";
import { dialForeign } from "./external-dial.ts";
import { isExternal } from "./external-source.ts";
import { createInstance, type Failures, type Instance } from "./instance.ts";
import { interruptible } from "./interruptible.ts";
import { followPolicies } from "./live-policies.ts";
import { once } from "./once.ts";
import { becomeOperator } from "./operator.ts";
import type { Settings } from "./settings.ts";

/** A system inside this process, without its folder and its door: what tests hold. */
export interface Whole {
  readonly instance: Instance;
  readonly tokens: Tokens;
  /** The embedded broker; absent where `BROKER_URL` names another, which is opened when it is used. */
  readonly broker: Broker | undefined;
  readonly trust: Trust;
  /** Whom a caller assertion speaks for. */
  readonly callerOf: Verifier["caller"];
  /** Services that could not be run, with why. */
  readonly failed: Failures;
}

/** What `runWhole` needs. */
export interface WholeOptions {
  readonly system: System;
  readonly services: readonly string[];
  readonly settings: Settings;
  readonly log: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock | undefined;
  /** Default: the machine's. */
  readonly random?: Random | undefined;
  /** See `InstanceOptions`. */
  readonly sheds?: boolean;
  /** Breaks a start off that is not done. */
  readonly signal?: AbortSignal | undefined;
  /**
   * `serve` (default) takes messages, with a broker of its own where none is named. `task` takes none, and shares the broker
   * of the system when that runs beside it.
   */
  readonly purpose?: "serve" | "task";
}

/**
 * Runs the services of a system in this process. A service that cannot be loaded or opened is reported, and the others go on.
 * Throws `CONFIG_INVALID` with every mistake in the configuration of all.
 */
export async function runWhole(options: WholeOptions, started: Started): Promise<Whole> {
  const { system, services, settings, log, clock = systemClock, random = systemRandom(), sheds, signal } = options;
  const { purpose = "serve" } = options;
  const issuer = await openIssuer({ system: system.name, settings, clock, random, log }, started);
  const policies = followPolicies({ system, settings, clock, log });
  started.add(() => policies.stop());
  const trust = { peerOf: issuer.verifier.peer, callerOf: issuer.verifier.caller };
  const own = () => openBroker({ settings, clock, random, log });
  const open = once(purpose === "serve" ? own : () => sharedBroker(system, { settings, own, started }));
  const broker = purpose === "serve" && isEmbedded(settings.env) ? await open() : undefined;
  if (broker !== undefined) started.add(() => broker.close());
  const instance = createInstance({
    id: "one-1",
    known: Object.keys(system.services),
    log,
    settings,
    policies: policies.current,
    connect: (address) => dialForeign(address, { clock }),
    trust,
    brokerOf: open,
    clock,
    random,
    ...(sheds !== undefined && { sheds }),
  });
  started.add(() => instance.started.stop());
  const failed = new Map<string, CantleError>();
  const definitions: ServiceDefinition[] = [];
  for (const name of services.filter((service) => !isExternal(system, service))) {
    try {
      definitions.push(await interruptible(loadService(system, name), signal));
    } catch (error) {
      signal?.throwIfAborted();
      failed.set(name, asCantleError(error));
    }
  }
  for (const [name, error] of await instance.run([identityService(issuer), ...definitions], signal))
    failed.set(name, error);
  if (purpose === "serve") await instance.take();
  const { verifier } = issuer;
  const client = { exchange: ({ token }: { token: string }) => issuer.exchange(token) };
  // Only a program outside of this process needs a proof of who the user is.
  const isProven = services.some((service) => isExternal(system, service));
  const verify = isProven ? createCallerSource({ client, verifier, clock }) : verifier.user;
  return { instance, broker, trust, tokens: { verify }, callerOf: verifier.caller, failed };
}

interface Sharing {
  readonly settings: Settings;
  readonly own: () => Promise<Broker>;
  readonly started: Started;
}

/** The broker of the system that runs from this folder; one of our own where none does. */
async function sharedBroker(system: System, { settings, own, started }: Sharing): Promise<Broker> {
  if (!isEmbedded(settings.env)) return own();
  const operator = await becomeOperator(system, settings);
  started.add(() => operator.stop());
  try {
    return await operator.broker();
  } catch (error) {
    if (!isCantleError(error) || error.code !== "BROKER_UNAVAILABLE") throw error;
    const broker = await own();
    started.add(() => broker.close());
    return broker;
  }
}
