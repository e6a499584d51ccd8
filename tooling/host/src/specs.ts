/** From a plan to process specs: what each instance of a system is spawned as, and what it is told. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { CantleError } from "@cantle/core";
import type { Issuer } from "@cantle/identity";
import type { ProcessLimits, ProcessSpec } from "@cantle/supervisor";
import { gatewayWorkersMax, limitsOf, type System } from "@cantle/system";
import { isEmbedded } from "./broker.ts";
import { brokerSocket } from "./broker-door.ts";
import { isExternal } from "./external-source.ts";
import type { Gate } from "./gate.ts";
import type { HostHandover, Role } from "./handover.ts";
import { brokerHeapArguments, heapArguments, heapBytesOf } from "./heap.ts";
import { revisionOf } from "./revision.ts";
import { createSources } from "./sources.ts";
import type { SystemStart } from "./system-start.ts";
import { assignmentsFor, withheldVariables } from "./withheld.ts";

const readyTimeoutMs = 30_000;
/** Not below the longest default deadline of a call, which is 10 s. */
const drainTimeoutMs = 15_000;
/** Enough of a revision to tell releases apart by. */
const releaseCharsMax = 7;

/** What a system is as processes. */
export interface SystemSpecs {
  /** The control plane first, the gateway last to stop taking calls in. */
  readonly specs: readonly ProcessSpec[];
  /** The same instance as it would be started now: what a new release is. */
  readonly renew: (spec: ProcessSpec) => ProcessSpec;
}

/** The specs of a plan. */
export function specsOf(start: SystemStart, shared: SharedBySpecs): SystemSpecs {
  const { plan, options } = start;
  const { control } = shared;
  const make = specMaker(start, shared);
  const { host = "127.0.0.1", port = 8080 } = options;
  const units: readonly UnitToSpawn[] = [
    { unit: "control", role: { kind: "control", socket: control }, services: ["identity", "registry"] },
    ...(isEmbedded(options.env) ? [{ unit: "broker", role: { kind: "broker" } as const, services: ["broker"] }] : []),
    ...plan.units.map(({ name, services }) => ({ unit: name, role: roleOf(start.system, services), services })),
    { unit: "gateway", role: { kind: "gateway", host, port, workers: workersOf(start) }, services: ["gateway"] },
  ];
  const counts = new Map(plan.units.map(({ name, instances }) => [name, instances]));
  const namesOf = (unit: string) => Array.from({ length: counts.get(unit) ?? 1 }, (_, at) => `${unit}-${at + 1}`);
  return {
    specs: units.flatMap((unit) => namesOf(unit.unit).map((instance) => make(unit, instance))),
    renew(spec) {
      const unit = units.find((each) => each.unit === spec.unit);
      return unit === undefined ? spec : make(unit, spec.instance);
    },
  };
}

function roleOf(system: System, services: readonly string[]): Role {
  const [only = ""] = services;
  return isExternal(system, only) ? { kind: "external", service: only } : { kind: "services", services };
}

/** What specs need while the system runs. */
export interface SharedBySpecs {
  readonly issuer: Issuer;
  /** Where the control plane listens. */
  readonly control: string;
  readonly gate: Gate;
  /** Where the gateway listened last: whoever was told finds it there after a restart too, whichever port it was given. */
  readonly gatewayPort: () => number | undefined;
}

/** What takes calls in stops first, what everybody needs stops last. */
const tiers: Readonly<Record<Role["kind"], number>> = { gateway: 2, services: 1, external: 1, broker: 0, control: 0 };

interface UnitToSpawn {
  readonly unit: string;
  readonly role: Role;
  readonly services: readonly string[];
}

function specMaker(
  { system, folder, home, plan, options }: SystemStart,
  { issuer, control, gate, gatewayPort }: SharedBySpecs,
): (unit: UnitToSpawn, instance: string) => ProcessSpec {
  const { file, set, profile, env } = options;
  const sources = createSources(system, file);
  const known = Object.keys(system.services);
  const common = {
    file,
    speak: plan.speak,
    control,
    broker: isEmbedded(env) ? brokerSocket(home) : undefined,
    logLevel: env["LOG_LEVEL"],
  };
  return ({ unit, role, services }, instance) => {
    const mine = { services, known };
    const settings = { folder, home, profile, set: assignmentsFor(set, mine) };
    const told = { ...common, settings };
    const limits = limitsFor(system, unit, role);
    const revision = revisionOf({
      role,
      services,
      files: sources.filesOf(services),
      settings: { ...settings, env },
      speak: plan.speak,
    });
    return {
      unit,
      instance,
      command: process.execPath,
      args: [...nodeArguments(role, limits), program(role), role.kind],
      ...(limits && { limits }),
      // Compiling the same modules in every process is most of what a start costs.
      env: { NODE_COMPILE_CACHE: compileCache(env), ...withheldVariables(env, mine) },
      cwd: folder,
      readyTimeoutMs,
      drainTimeoutMs,
      revision,
      release: revision.slice(0, releaseCharsMax),
      // Two gateways would want one port, two control planes one socket.
      overlap: role.kind === "services" || role.kind === "external",
      // Its process holds the port, and puts new workers behind it.
      ...(role.kind === "gateway" && { renewable: true }),
      tier: tiers[role.kind],
      async handover(): Promise<HostHandover> {
        if (role.kind === "control" || role.kind === "broker") return { ...told, role, bootstrap: "" };
        // Meanwhile the process has been spawned and loads its modules; it only learns late who it is.
        await gate.open();
        const platform = role.kind === "gateway";
        const { token } = await issuer.bootstrap({ unit, services, platform });
        return { ...told, role: platform ? { ...role, port: gatewayPort() ?? role.port } : role, bootstrap: token };
      },
    };
  };
}

/** What this process was told goes before what only some are. */
function nodeArguments({ kind }: Role, limits: ProcessLimits | undefined): readonly string[] {
  const heap = [...(kind === "broker" ? brokerHeapArguments : []), ...heapArguments(limits?.heapBytesMax)];
  return [...process.execArgv, ...heap];
}

/** Absent where there are none. The program of an external service keeps no heap that we know of. */
function limitsFor(system: System, unit: string, role: Role): ProcessLimits | undefined {
  const limits = limitsOf(system, unit);
  const { memoryBytesMax } = limits;
  if (Object.keys(limits).length === 0) return undefined;
  if (memoryBytesMax === undefined || role.kind === "external") return limits;
  return { ...limits, heapBytesMax: heapBytesOf(memoryBytesMax) };
}

function compileCache(env: SystemStart["options"]["env"]): string {
  return env["NODE_COMPILE_CACHE"] ?? join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "cantle");
}

/** The program of an instance: TypeScript in the repository, JavaScript where it is installed. */
function program({ kind }: Role): string {
  const [source, built] = kind === "gateway" ? ["./gateway-main.ts", "./gateway-main.js"] : ["./main.ts", "./main.js"];
  const path = fileURLToPath(new URL(source, import.meta.url));
  return existsSync(path) ? path : fileURLToPath(new URL(built, import.meta.url));
}

/** As the environment says, or the system; 1 where neither does. Throws `CONFIG_INVALID`. */
function workersOf({ system, options }: SystemStart): number {
  const text = options.env["GATEWAY_WORKERS"];
  if (!text) return system.gateway?.workers ?? 1;
  const workers = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (workers >= 1 && workers <= gatewayWorkersMax) return workers;
  throw new CantleError("CONFIG_INVALID", `the gateway cannot have ${text} workers`, {
    place: "GATEWAY_WORKERS",
    help: `write a whole number from 1 to ${gatewayWorkersMax}`,
  });
}
