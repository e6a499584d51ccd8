/**
 * A whole system in this process: every service, the issuer and the gateway; no registry, no supervisor, and no network
 * between them. The recipes are those of many processes, called in memory.
 */
import process from "node:process";
import { CantleError, createStarted, explainError, type Started, systemClock, systemRandom } from "@cantle/core";
import { listenGateway } from "@cantle/gateway";
import { entering } from "@cantle/mesh";
import { type BehindDoor, createLineReader, type InstanceRow, ownFolder } from "@cantle/supervisor";
import type { System } from "@cantle/system";
import type { Logger } from "@cantle/telemetry";
import { openAdmin } from "./admin.ts";
import { openBrokerDoor } from "./broker-door.ts";
import { externalsOf, gatewayOptions } from "./gateway-options.ts";
import { openInstanceDoor } from "./instance-door.ts";
import { createLines, type Lines } from "./lines.ts";
import { processLogger } from "./log.ts";
import { runWhole, type Whole } from "./run-whole.ts";
import type { RunningSystem, StartOptions } from "./start-options.ts";
import type { SystemStart } from "./system-start.ts";

/** Starts a system in this process, behind its gateway. */
export async function startWhole({ system, plan, folder, home, options }: SystemStart): Promise<RunningSystem> {
  const { env, set, profile, onLine, signal } = options;
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
    const whole = await runWhole({ system, services, settings, log, signal }, started);
    const { instance, callerOf } = whole;
    const { startExternals } = await import("./external-inside.ts");
    const output = (service: string) => () => createLineReader((line) => lines.write(`[${service}] ${line}\n`));
    const externals = await startExternals({ system, services, instance, callerOf, settings, output, signal });
    started.add(() => externals.stop());
    const failed = new Map([...whole.failed, ...externals.failed]);
    signal?.throwIfAborted();
    const [gateway, admin] = await openDoors({ system, options, whole, log }, started);
    const own = await openInstanceDoor(instance, home, started);
    if (whole.broker !== undefined)
      await openBrokerDoor(whole.broker, { system, settings, log, trust: whole.trust }, started);
    rows = [
      rowOf(plan.placement, {
        startedAt,
        addresses: [gateway, admin, own],
        services: services.filter((name) => !failed.has(name)),
      }),
      ...[...failed].map(([name, error]) => failedRow(name, error)),
    ];
    return {
      system,
      addresses: { gateway },
      list: () => rows,
      restart: refuseRestart,
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

interface Within {
  readonly system: System;
  readonly options: StartOptions;
  readonly whole: Whole;
  readonly log: Logger;
}

/** The gateway before the services, and the admin port beside it; answers with their addresses. */
async function openDoors(
  { system, options: { host, port = 8080 }, whole: { instance, tokens }, log }: Within,
  started: Started,
): Promise<[gateway: string, admin: string]> {
  const contracts = [...instance.services.values()].map(({ definition }) => definition.contract);
  const gateway = await listenGateway({
    ...gatewayOptions(system),
    mounts: contracts,
    send: (operation) => entering(operation, instance.mesh),
    externals: externalsOf(system, instance.mesh.resolver),
    tokens,
    clock: systemClock,
    log,
    port,
    ...(host !== undefined && { host }),
  });
  started.add(() => gateway.stop());
  const checks = instance.checks();
  const admin = await openAdmin({ title: system.name, clock: systemClock, contracts, checks }, started);
  started.add(() => admin.drain());
  return [gateway.address, admin.address];
}

async function refuseRestart(): Promise<never> {
  throw new CantleError("USAGE", "everything runs in one process, which cannot restart a part of itself", {
    help: "stop and start the system, or choose another placement",
  });
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
    load: null,
    limits: null,
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
    load: null,
    limits: null,
  };
}

function behind(list: () => readonly InstanceRow[], lines: Lines, stop: () => Promise<void>): BehindDoor {
  return {
    list,
    restart: refuseRestart,
    recentLines: lines.recent,
    followLines: lines.follow,
    stopInstances: () => Promise.resolve(),
    stop,
  };
}
