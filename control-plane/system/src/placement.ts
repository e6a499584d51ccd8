/**
 * Placement: how the services are grouped into units. A pure function from a description and a choice to a plan; the same
 * services, the same replies.
 *
 * | choice    | plan |
 * |-----------|------|
 * | `one`     | everything in one process |
 * | `each`    | a process for each service |
 * | `threads` | a worker thread for each service |
 * | `http`    | as `each`, speaking only HTTP/JSON to each other |
 * | `units`   | what the system's `units` say; services they do not name get one of their own |
 * | NAME      | what the system's `placements.NAME` says |
 */
import { CantleError } from "@cantle/core";
import type { ScalingPolicy } from "@cantle/supervisor/scaling";
import { type PlacementSpec, platformUnits, type System, scalingOf, type UnitSpec } from "./description.ts";

/** A unit of a plan. */
export interface PlannedUnit {
  readonly name: string;
  /** The services that run in it. */
  readonly services: readonly string[];
  /** How many copies; to begin with, where it is scaled. */
  readonly instances: number;
  /** How that follows its load; absent where it does not. */
  readonly scaling?: ScalingPolicy;
}

/** How a system will run. */
export interface Plan {
  /** What was chosen. */
  readonly placement: string;
  /** What a unit is: all of them in one process, each a thread, or each a process. */
  readonly shape: "one" | "threads" | "processes";
  /** How units speak to each other. */
  readonly speak: "wire" | "http";
  readonly units: readonly PlannedUnit[];
}

const instancesMax = 64;

/** The plan of a placement. Throws `PLACEMENT_IMPOSSIBLE` with the place and a way out. */
export function place(system: System, placement = "units"): Plan {
  const plan = grouping(system, placement);
  if (plan.shape !== "processes") return plan;
  return { ...plan, units: plan.units.map((unit) => scaled(unit, scalingOf(system, unit.name))) };
}

function scaled(unit: PlannedUnit, scaling: ScalingPolicy | undefined): PlannedUnit {
  if (scaling === undefined) return unit;
  return { ...unit, scaling, instances: Math.min(scaling.max, Math.max(scaling.min, unit.instances)) };
}

function grouping(system: System, placement: string): Plan {
  const services = placeable(system);
  switch (placement) {
    case "one":
      return { placement, shape: "one", speak: "wire", units: [{ name: "one", services, instances: 1 }] };
    case "each":
      return { placement, shape: "processes", speak: "wire", units: unitEach(services) };
    case "threads":
      return { placement, shape: "threads", speak: "wire", units: unitEach(services) };
    case "http":
      return { placement, shape: "processes", speak: "http", units: unitEach(services) };
    case "units":
      return {
        placement,
        shape: "processes",
        speak: "wire",
        units: grouped(system, system.units ?? {}, "units"),
      };
    default:
      return {
        placement,
        shape: "processes",
        speak: "wire",
        units: grouped(system, chosen(system, placement).units, `placements.${placement}.units`),
      };
  }
}

function chosen(system: System, placement: string): PlacementSpec {
  const { placements = {} } = system;
  if (Object.hasOwn(placements, placement)) return placements[placement] as PlacementSpec;
  const names = ["one", "each", "threads", "http", "units", ...Object.keys(placements)];
  throw new CantleError("PLACEMENT_IMPOSSIBLE", `there is no placement '${placement}'`, {
    place: "--units",
    help: `choose one of ${names.join(", ")}`,
  });
}

function unitEach(services: readonly string[]): PlannedUnit[] {
  return services.map((name) => ({ name, services: [name], instances: 1 }));
}

function grouped(system: System, units: PlacementSpec["units"], where: string): PlannedUnit[] {
  const services = placeable(system);
  const placed = new Map<string, string>();
  const planned = Object.entries(units).map(([name, spec]) => {
    const place = `system("${system.name}").${where}.${name}`;
    const unit = plannedUnit(name, spec, place);
    const program = unit.services.find((service) => kindOf(system, service) === "external");
    if (program !== undefined && unit.services.length > 1)
      throw impossible(
        `'${program}' is a program of its own and shares no process`,
        place,
        "take it out; it gets a unit of its own",
      );
    for (const service of unit.services) {
      if (!services.includes(service))
        throw impossible(unknownService(system, service), place, `the services are ${services.join(", ")}`);
      const other = placed.get(service);
      if (other !== undefined)
        throw impossible(
          `'${service}' is already in the unit '${other}'`,
          place,
          "take it out of one of them; more copies are `instances`",
        );
      placed.set(service, name);
    }
    return unit;
  });
  const rest = services.filter((service) => !placed.has(service));
  for (const service of rest) {
    if (Object.hasOwn(units, service))
      throw impossible(
        `'${service}' needs a unit of its own, and another unit has its name`,
        `system("${system.name}").${where}.${service}`,
        "name that unit otherwise, or put the service into a unit",
      );
  }
  return [...planned, ...unitEach(rest)];
}

function plannedUnit(name: string, spec: UnitSpec, place: string): PlannedUnit {
  const { services, instances = 1 } = "services" in spec ? spec : { services: spec };
  if (platformUnits.has(name))
    throw impossible(`'${name}' is a unit of the platform`, place, "name the unit otherwise");
  if (services.length === 0) throw impossible("the unit has no services", place, "list some, or take the unit out");
  if (!(Number.isInteger(instances) && instances >= 1 && instances <= instancesMax))
    throw impossible(`${instances} instances cannot be`, place, `write a whole number from 1 to ${instancesMax}`);
  return { name, services, instances };
}

function unknownService(system: System, service: string): string {
  return isRemote(system, service)
    ? `'${service}' is remote: another system runs it`
    : `there is no service '${service}'`;
}

function placeable(system: System): string[] {
  return Object.keys(system.services).filter((name) => !isRemote(system, name));
}

function isRemote(system: System, service: string): boolean {
  return kindOf(system, service) === "remote";
}

function kindOf(system: System, service: string): "remote" | "external" | undefined {
  const source = Object.hasOwn(system.services, service) ? system.services[service] : undefined;
  return typeof source === "object" ? source.kind : undefined;
}

function impossible(message: string, place: string, help: string): CantleError {
  return new CantleError("PLACEMENT_IMPOSSIBLE", message, { place, help });
}
