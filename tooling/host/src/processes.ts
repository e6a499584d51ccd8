/** A system as processes: a plan becomes process specs, and the supervisor keeps them running. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { CantleError, createStarted, isCantleError, systemClock, systemRandom } from "@cantle/core";
import type { Issuer } from "@cantle/identity";
import { openSupervisor, type ProcessSpec, type Supervisor, type SupervisorEvent } from "@cantle/supervisor";
import type { Plan, System } from "@cantle/system";
import { silentLogger } from "@cantle/telemetry";
import { socketOf } from "./addresses.ts";
import { isEmbedded } from "./broker.ts";
import { brokerSocket } from "./broker-door.ts";
import { openIssuer } from "./control.ts";
import { isExternal } from "./external-source.ts";
import type { HostHandover, Role } from "./handover.ts";
import { interruptible } from "./interruptible.ts";
import { createSources } from "./sources.ts";
import type { RunningSystem, StartOptions } from "./start-options.ts";

/** A system that is about to run. */
export interface SystemStart {
  readonly system: System;
  readonly plan: Plan;
  /** The system's folder. */
  readonly folder: string;
  /** Where `.cantle` is. */
  readonly home: string;
  readonly options: StartOptions;
}

const readyTimeoutMs = 30_000;
/** Not below the longest default deadline of a call, which is 10 s. */
const drainTimeoutMs = 15_000;

/** Starts every unit as a process. Resolves when each is ready or has said why it cannot be. */
export async function startProcesses(start: SystemStart): Promise<RunningSystem> {
  const { system, folder, home, options } = start;
  const { env, signal } = options;
  const started = createStarted();
  try {
    const time = { clock: systemClock, random: systemRandom() };
    const settings = { folder, home, env };
    const issuer = await openIssuer({ system: system.name, settings, log: silentLogger, ...time }, started);
    const gate = createGate();
    const supervisor = await openSupervisor({ folder: home, ...time, ...supervision(options, gate) });
    started.add(() => supervisor.stop());
    const specs = specsOf(start, issuer, gate);
    await interruptible(supervisor.start(specs), signal);
    void supervisor.stopped.then(() => started.stop());
    return runningOf(start, supervisor);
  } catch (error) {
    await started.stop();
    throw error;
  }
}

function supervision({ env, mode = "attached", onEvent, onLine }: StartOptions, gate: Gate) {
  const watched = (event: SupervisorEvent) => {
    if (event.unit === "control") gate.note(event);
    // Whoever was told where the gateway is finds it there after a restart too, whichever port it was given.
    if (event.unit === "gateway" && event.kind === "ready") gate.port = portOf(event.addresses[0]);
    onEvent?.(event);
  };
  return { env, mode, onEvent: watched, ...(onLine && { onLine }) };
}

function runningOf({ system, plan, options }: SystemStart, supervisor: Supervisor): RunningSystem {
  const sources = createSources(system, options.file);
  return {
    system,
    get addresses() {
      const gateway = supervisor.list().find((row) => row.unit === "gateway");
      return { gateway: gateway?.addresses[0] ?? "" };
    },
    list: () => supervisor.list(),
    restart: (unit) => supervisor.restart(unit),
    async reload(files) {
      const units = sources.unitsOf(files, plan);
      const restarts = units.map((unit) => restartEdited(supervisor, unit));
      const isNew = await Promise.all(restarts);
      return units.filter((_, at) => isNew[at]);
    },
    stop: () => supervisor.stop(),
    kill: () => supervisor.kill(),
    stopped: supervisor.stopped,
  };
}

/**
 * What runs goes on until the edited one is ready, and when that does not get ready, which is told as an event. The gateway
 * cannot: two would want one port. Answers with whether the new one runs.
 */
async function restartEdited(supervisor: Supervisor, unit: string): Promise<boolean> {
  try {
    await supervisor.restart(unit, { overlap: unit !== "gateway" });
    return true;
  } catch (error) {
    if (isCantleError(error) && error.code === "NOT_RUNNING") throw error;
    return false;
  }
}

/** The specs of a plan: the control plane first, the gateway last to stop taking calls in. */
function specsOf(start: SystemStart, issuer: Issuer, gate: Gate): ProcessSpec[] {
  const { plan, options } = start;
  const control = socketOf(start.home, "control");
  const make = specMaker(start, { control, issuer, gate });
  const units = plan.units.flatMap(({ name, services, instances }) =>
    Array.from({ length: instances }, (_, at) =>
      make({ unit: name, instance: `${name}-${at + 1}`, role: roleOf(start.system, services), services }),
    ),
  );
  return [
    make({
      unit: "control",
      instance: "control-1",
      role: { kind: "control", socket: control },
      services: ["identity", "registry"],
    }),
    ...(isEmbedded(options.env)
      ? [make({ unit: "broker", instance: "broker-1", role: { kind: "broker" }, services: ["broker"] })]
      : []),
    ...units,
    make({
      unit: "gateway",
      instance: "gateway-1",
      role: { kind: "gateway", host: options.host ?? "127.0.0.1", port: options.port ?? 8080 },
      services: ["gateway"],
    }),
  ];
}

function roleOf(system: System, services: readonly string[]): Role {
  const [only = ""] = services;
  return isExternal(system, only) ? { kind: "external", service: only } : { kind: "services", services };
}

interface UnitToSpawn {
  readonly unit: string;
  readonly instance: string;
  readonly role: Role;
  readonly services: readonly string[];
}

function specMaker(
  { folder, home, plan, options }: SystemStart,
  { control, issuer, gate }: { control: string; issuer: Issuer; gate: Gate },
): (unit: UnitToSpawn) => ProcessSpec {
  const { file, set, profile, env } = options;
  const hasBroker = isEmbedded(env);
  const isControl = (unit: string) => unit === "control" || unit === "broker";
  return ({ unit, instance, role, services }) => ({
    unit,
    instance,
    command: process.execPath,
    args: [...process.execArgv, program(), role.kind],
    // Compiling the same modules in every process is most of what a start costs.
    env: {
      NODE_COMPILE_CACHE:
        env["NODE_COMPILE_CACHE"] ?? join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "cantle"),
    },
    cwd: folder,
    readyTimeoutMs,
    drainTimeoutMs,
    revision: "0",
    // What takes calls in stops first, what everybody needs stops last.
    tier: role.kind === "gateway" ? 2 : isControl(unit) ? 0 : 1,
    async handover(): Promise<HostHandover> {
      const told = {
        role: role.kind === "gateway" ? { ...role, port: gate.port ?? role.port } : role,
        file,
        speak: plan.speak,
        control,
        broker: hasBroker ? brokerSocket(home) : undefined,
        settings: { folder, home, set, profile },
        logLevel: env["LOG_LEVEL"],
      };
      if (isControl(unit)) return { ...told, bootstrap: "" };
      // Meanwhile the process has been spawned and loads its modules; it only learns late who it is.
      await gate.open();
      return {
        ...told,
        bootstrap: (await issuer.bootstrap({ unit, services, platform: role.kind === "gateway" })).token,
      };
    },
  });
}

function portOf(address = ""): number | undefined {
  return URL.canParse(address) ? Number(new URL(address).port) : undefined;
}

/** Open while the control plane is ready; shut for good when it cannot be started. */
interface Gate {
  /** Where the gateway listens, once it does. */
  port: number | undefined;
  note(event: SupervisorEvent): void;
  open(): Promise<void>;
}

function createGate(): Gate {
  let ready = Promise.withResolvers<void>();
  return {
    port: undefined,
    note(event) {
      if (event.kind === "ready") ready.resolve();
      if (event.kind !== "failed") return;
      const failed = Promise.withResolvers<void>();
      // Whoever waits goes on waiting for the next start, where there will be one.
      if (event.retryInMs === null)
        ready.reject(
          new CantleError(event.error.code, "the control plane cannot be started", { notes: event.error.text }),
        );
      else void failed.promise.then(ready.resolve, ready.reject);
      ready.promise.catch(() => {});
      ready = failed;
    },
    open: () => ready.promise,
  };
}

/** The program of an instance: TypeScript in the repository, JavaScript where it is installed. */
function program(): string {
  const source = fileURLToPath(new URL("./main.ts", import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL("./main.js", import.meta.url));
}
