/**
 * `system()`: the whole, as data. Implementations are functions that import them, called only by the unit that runs them, so
 * that a service that is broken hurts nobody else.
 */

import type { Contract } from "@cantle/contract";
import { type Access, CantleError } from "@cantle/core";
import type { ProblemHook } from "@cantle/gateway";
import { checkPolicies, type Policies } from "@cantle/mesh";
import type { ServiceDefinition } from "@cantle/service";
import { type ReadLimits, readLimits, type UnitLimits } from "./limits.ts";
import { readScaling, type ScalingSpec } from "./scaling.ts";

/** Imports a service: `() => import("./accounts/service.ts")`. */
export type LoadService = () => Promise<{ readonly default: ServiceDefinition }>;

/** A service that another system deploys; it is found in the registry. */
export interface Remote {
  readonly kind: "remote";
  readonly contract: Contract<string, any>;
}

/** A program in any language, started and watched, not changed. */
export interface External {
  readonly kind: "external";
  /** The command and its arguments. It is told its `PORT`. */
  readonly command: readonly string[];
  /** Where it is run, relative to the system's file; default there. */
  readonly cwd?: string;
  /** More environment for it. */
  readonly env?: Readonly<Record<string, string>>;
  /** A path below which the gateway passes everything to it; absent: not at the gateway. */
  readonly route?: string;
  /** Who may call it at the gateway; needed with a route, as nothing is public by being forgotten. */
  readonly access?: Access;
  /** A path that answers 2xx when it is well; absent: it is well when its port takes connections. */
  readonly health?: string;
  /** What it promises, for typed services that call it. */
  readonly contract?: Contract<string, any>;
  /** The services it may call, through `CANTLE_URL`. */
  readonly uses?: readonly Contract<string, any>[];
}

/** What can stand behind a name in `services`. */
export type ServiceSource = LoadService | Remote | External;

/** A unit: services that share a process. */
export type UnitSpec = readonly string[] | { readonly services: readonly string[]; readonly instances?: number };

/** A way to group the services. */
export interface PlacementSpec {
  /** By unit name. A service that no unit names gets one of its own. */
  readonly units: { readonly [unit: string]: UnitSpec };
}

/** How the gateway shows the system. */
export interface GatewaySpec {
  /** A path before all routes, for example `/api`. */
  readonly prefix?: string;
  /** `Authorization` schemes taken; default `Bearer`. */
  readonly schemes?: readonly string[];
  /** Shapes problems for an API that wants more than RFC 9457. */
  readonly problem?: ProblemHook;
  /** Origins that browsers may call from; default none. */
  readonly corsOrigins?: readonly string[];
  /** Names of W3C Baggage that are taken from outside, for routes and faults to go by; default none. */
  readonly baggage?: readonly string[];
  /** Calls in flight before the gateway sheds; default 2,000. */
  readonly inFlightMax?: number;
  /** Processes that share its port; default 1. One for each processor that it may keep busy; `GATEWAY_WORKERS` is stronger. */
  readonly workers?: number;
}

/** The most workers of a gateway. */
export const gatewayWorkersMax = 64;

/** What is written in a system. */
export interface SystemSpec {
  readonly services: { readonly [name: string]: ServiceSource };
  readonly units?: PlacementSpec["units"];
  /** Further placements, chosen by name with `--units NAME`. */
  readonly placements?: { readonly [name: string]: PlacementSpec };
  readonly gateway?: GatewaySpec;
  readonly policies?: Policies;
  /** What each process of a unit may take of the machine, by unit; `gateway` and `control` are units too. */
  readonly limits?: { readonly [unit: string]: UnitLimits };
  /** How many instances units have, by their load; where units are processes. */
  readonly scaling?: { readonly [unit: string]: ScalingSpec };
}

/** A system: a frozen plain value. */
export interface System extends SystemSpec {
  readonly kind: "system";
  readonly name: string;
}

const nameShape = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const known = new Set<keyof SystemSpec>([
  "services",
  "units",
  "placements",
  "gateway",
  "policies",
  "limits",
  "scaling",
]);

/** Describes a system. Throws `SYSTEM_INVALID` for what contradicts itself. */
export function system(name: string, spec: SystemSpec): System {
  if (!nameShape.test(name))
    throw invalid(
      `'${name}' is not a name for a system`,
      `system(${JSON.stringify(name)})`,
      "use small letters, digits and dashes",
    );
  for (const option of Object.keys(spec)) {
    if (!known.has(option as keyof SystemSpec))
      throw invalid(
        `'${option}' is not an option of a system`,
        `system("${name}")`,
        `the options are ${[...known].join(", ")}`,
      );
  }
  for (const [service, source] of Object.entries(spec.services))
    checkSource(service, source, `system("${name}").services.${service}`);
  if (spec.policies !== undefined) checkPolicies(spec.policies, "SYSTEM_INVALID", Object.keys(spec.services));
  checkWorkers(spec.gateway?.workers, `system("${name}").gateway.workers`);
  checkLimits(name, spec);
  for (const unit of Object.keys(spec.scaling ?? {})) {
    const place = `system("${name}").scaling.${unit}`;
    if (platformUnits.has(unit))
      throw invalid(`'${unit}' is a unit of the platform and not scaled`, place, "take it out");
    checkUnit(unit, spec, place);
    scalingOf({ name, ...spec }, unit);
  }
  return Object.freeze({ kind: "system", name, ...spec });
}

/** What a process of a unit may take; no limits where none are written. */
export function limitsOf({ name, limits = {} }: Pick<System, "name" | "limits">, unit: string): ReadLimits {
  return Object.hasOwn(limits, unit) ? readLimits(limits[unit], `system("${name}").limits.${unit}`) : {};
}

/** A unit may be one of any placement, and every service can have one of its own. */
function checkLimits(name: string, spec: SystemSpec): void {
  const { limits = {} } = spec;
  for (const unit of Object.keys(limits)) {
    checkUnit(unit, spec, `system("${name}").limits.${unit}`);
    limitsOf({ name, limits }, unit);
  }
}

function checkUnit(unit: string, { services, units = {}, placements = {} }: SystemSpec, place: string): void {
  const chosen = Object.values(placements).flatMap((placement) => Object.keys(placement?.units ?? {}));
  const all = new Set([...Object.keys(services), ...Object.keys(units), ...chosen, ...platformUnits]);
  if (!all.has(unit)) throw invalid(`there is no unit '${unit}'`, place, `the units are ${[...all].join(", ")}`);
}

function checkWorkers(workers: unknown, place: string): void {
  const isCount = Number.isInteger(workers) && (workers as number) >= 1 && (workers as number) <= gatewayWorkersMax;
  if (workers === undefined || isCount) return;
  throw invalid(
    `a gateway cannot have ${workers} workers`,
    place,
    `write a whole number from 1 to ${gatewayWorkersMax}`,
  );
}

/** How a unit is scaled; undefined where that is not written. */
export function scalingOf({ name, scaling = {} }: Pick<System, "name" | "scaling">, unit: string) {
  return Object.hasOwn(scaling, unit) ? readScaling(scaling[unit], `system("${name}").scaling.${unit}`) : undefined;
}

/** A service that another system deploys. */
export function remote(contract: Contract<string, any>): Remote {
  return Object.freeze({ kind: "remote", contract });
}

/** A program in any language. `command` is split at spaces when it is a string. */
export function external(
  spec: Omit<External, "kind" | "command"> & { readonly command: string | readonly string[] },
): External {
  const command = typeof spec.command === "string" ? spec.command.trim().split(/\s+/) : spec.command;
  return Object.freeze({ ...spec, kind: "external", command: Object.freeze([...command]) });
}

/** True for what `system()` made, in this or another copy of the package. */
export function isSystem(value: unknown): value is System {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as { kind?: unknown }).kind === "system" &&
    "services" in value
  );
}

/** The names that the platform's own units have. */
export const platformUnits: ReadonlySet<string> = new Set(["gateway", "control", "broker"]);

/** The services that the platform brings along; any may be used, and nobody lists them. */
export const platformServices: ReadonlySet<string> = new Set(["identity", "registry", "broker"]);

/** Names that a service may not have: the platform's services, its peers, the units they run in, sections of configuration. */
const platformNames: ReadonlySet<string> = new Set([
  ...platformUnits,
  ...platformServices,
  "host",
  "instance",
  "telemetry",
  "policies",
]);

function checkSource(service: string, source: ServiceSource, place: string): void {
  if (platformNames.has(service))
    throw invalid(`'${service}' is a part of the platform`, place, "call the service something else");
  if (typeof source === "function") return;
  if (source?.kind === "remote") {
    if (source.contract.name !== service)
      throw invalid(`the contract is called '${source.contract.name}'`, place, `list it as '${source.contract.name}'`);
    return;
  }
  if (source?.kind !== "external")
    throw invalid(
      "this is not a service",
      place,
      'write () => import("./accounts/service.ts"), remote(contract) or external({ command })',
    );
  if (source.route !== undefined && source.access === undefined)
    throw invalid(
      "a route needs an access",
      `${place}.access`,
      'say who may call it: "public", "user" or { roles: [...] }',
    );
  if (source.contract !== undefined && source.contract.name !== service)
    throw invalid(`the contract is called '${source.contract.name}'`, place, `list it as '${source.contract.name}'`);
  if (source.command.length === 0 || source.command[0] === "")
    throw invalid("there is no command", `${place}.command`, "write the program and its arguments");
  if (source.route !== undefined && !/^(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/.test(source.route))
    throw invalid(`'${source.route}' is not a path`, `${place}.route`, "write plain segments: /legacy");
}

function invalid(message: string, place: string, help: string): CantleError {
  return new CantleError("SYSTEM_INVALID", message, { place, help });
}
