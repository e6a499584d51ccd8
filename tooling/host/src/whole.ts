/**
 * A whole system in this process: every service, the issuer and the gateway; no registry, no supervisor, and no network
 * between them. The recipes are those of many processes, called in memory.
 */
import process from "node:process";
import {
  asCantleError,
  CantleError,
  createStarted,
  explainError,
  type Started,
  systemClock,
  systemRandom,
} from "@cantle/core";
import { listenGateway, type Tokens } from "@cantle/gateway";
import { identityService } from "@cantle/identity";
import { outbound } from "@cantle/mesh";
import type { ServiceDefinition } from "@cantle/service";
import { type BehindDoor, type InstanceRow, ownFolder } from "@cantle/supervisor";
import { loadService, type System } from "@cantle/system";
import type { Logger } from "@cantle/telemetry";
import { openAdmin } from "./admin.ts";
import { openIssuer } from "./control.ts";
import { externalsOf, gatewayOptions } from "./gateway-options.ts";
import { createInstance, type Instance } from "./instance.ts";
import { createLines, type Lines } from "./lines.ts";
import { processLogger } from "./log.ts";
import type { SystemStart } from "./processes.ts";
import type { Settings } from "./settings.ts";
import type { RunningSystem } from "./start-options.ts";

/** A system inside this process, without its folder and its door: what tests hold. */
export interface Whole {
  readonly instance: Instance;
  readonly tokens: Tokens;
  /** Services that could not be run, with why. */
  readonly failed: ReadonlyMap<string, CantleError>;
}

/** What `runWhole` needs. */
export interface WholeOptions {
  readonly system: System;
  readonly services: readonly string[];
  readonly settings: Settings;
  readonly log: Logger;
}

/** Runs the services of a system in this process. A service that cannot run is reported, and the others go on. */
export async function runWhole({ system, services, settings, log }: WholeOptions, started: Started): Promise<Whole> {
  const issuer = await openIssuer(
    { system: system.name, settings, clock: systemClock, random: systemRandom(), log },
    started,
  );
  const instance = createInstance({
    id: "one-1",
    known: Object.keys(system.services),
    log,
    settings,
    policies: system.policies,
  });
  started.add(() => instance.started.stop());
  const failed = new Map<string, CantleError>();
  const definitions: ServiceDefinition[] = [];
  for (const name of services) {
    try {
      definitions.push(await loadService(system, name));
    } catch (error) {
      failed.set(name, asCantleError(error));
      log.error(explainError(error));
    }
  }
  await instance.run([identityService(issuer), ...definitions]);
  return { instance, tokens: { verify: issuer.verifier.user }, failed };
}

/** Starts a system in this process, behind its gateway. */
export async function startWhole({ system, plan, folder, home, options }: SystemStart): Promise<RunningSystem> {
  const { env, set, profile, host, port = 8080, onLine } = options;
  const started = createStarted();
  const stopped = Promise.withResolvers<void>();
  const startedAt = new Date(systemClock.wallMs()).toISOString();
  const lines = createLines(plan.placement, onLine);
  const log = processLogger({ level: env["LOG_LEVEL"], pretty: true, write: lines.write });
  const settings = { folder, home, env, set, profile };
  const services = plan.units.flatMap((unit) => unit.services);
  let rows: readonly InstanceRow[] = [];
  const stop = async () => {
    await started.stop();
    stopped.resolve();
  };
  const door = await ownFolder(
    behind(() => rows, lines, stop),
    { folder: home, clock: systemClock, random: systemRandom() },
  );
  started.add(() => door.stop());
  try {
    const { instance, tokens, failed } = await runWhole({ system, services, settings, log }, started);
    const gateway = await listenGateway({
      ...gatewayOptions(system),
      mounts: [...instance.services.values()].map(({ definition }) => definition.contract),
      send: (operation) => outbound(operation, instance.mesh),
      externals: externalsOf(system, instance.mesh.resolver),
      tokens,
      clock: systemClock,
      log,
      port,
      ...(host !== undefined && { host }),
    });
    started.add(() => gateway.stop());
    const contracts = [...instance.services.values()].map(({ definition }) => definition.contract);
    const admin = await openAdmin(
      { title: system.name, clock: systemClock, contracts, checks: instance.checks() },
      started,
    );
    started.add(() => admin.drain());
    rows = [
      rowOf(plan.placement, {
        startedAt,
        addresses: [gateway.address, admin.address],
        services: services.filter((name) => !failed.has(name)),
      }),
      ...[...failed].map(([name, error]) => failedRow(name, error)),
    ];
    return {
      system,
      addresses: { gateway: gateway.address },
      list: () => rows,
      restart: () =>
        Promise.reject(
          new CantleError("USAGE", "everything runs in one process, which cannot restart a part of itself", {
            help: "stop and start the system, or choose another placement",
          }),
        ),
      reload: () => Promise.resolve([]),
      stop,
      kill: stop,
      stopped: stopped.promise,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function rowOf(
  unit: string,
  { startedAt, addresses, services }: { startedAt: string; addresses: readonly string[]; services: readonly string[] },
): InstanceRow {
  return {
    unit,
    instance: `${unit}-1`,
    pid: process.pid,
    state: "ready",
    addresses,
    services,
    restarts: 0,
    startedAt,
    lastError: null,
  };
}

function failedRow(service: string, error: CantleError): InstanceRow {
  return {
    unit: service,
    instance: `${service}-1`,
    pid: null,
    state: "failed",
    addresses: [],
    services: [service],
    restarts: 0,
    startedAt: null,
    lastError: { code: error.code, text: explainError(error) },
  };
}

function behind(list: () => readonly InstanceRow[], lines: Lines, stop: () => Promise<void>): BehindDoor {
  return {
    list,
    restart: () =>
      Promise.reject(new CantleError("USAGE", "everything runs in one process, which cannot restart a part of itself")),
    recentLines: () => lines.recent(),
    followLines: lines.follow,
    stopInstances: () => Promise.resolve(),
    stop,
  };
}
