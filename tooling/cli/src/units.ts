/** Units as people see them: which are the platform's, and the instances of each. */
import type { InstanceRow } from "@cantle/supervisor";
import { platformServices, platformUnits } from "@cantle/system";

const broker = "broker";

/** True for the platform's own units. */
export function isPlatform(unit: string): boolean {
  return platformUnits.has(unit);
}

/** True for the units without which nothing can be called. While the broker is away, calls go on. */
export function isVital(unit: string): boolean {
  return unit !== broker && platformUnits.has(unit);
}

/** True for the platform's own services. */
export function isPlatformService(service: string): boolean {
  return platformServices.has(service);
}

/** One unit of `cantle ps --json`. */
export interface UnitRows {
  readonly unit: string;
  readonly services: readonly string[];
  readonly instances: readonly InstanceFacts[];
}

/** One instance of `cantle ps --json`; absent facts are null. */
export interface InstanceFacts {
  readonly instance: string;
  readonly pid: number | null;
  readonly state: InstanceRow["state"];
  readonly addresses: readonly string[];
  readonly services: readonly string[];
  readonly restarts: number;
  readonly startedAt: string | null;
  readonly uptimeSeconds: number | null;
  /** The last failure, kept after a restart mended it. */
  readonly lastError: { readonly code: string; readonly text: string } | null;
  /** How busy it was in the last second. */
  readonly load: InstanceRow["load"];
  /** How far its limits hold, by resource. */
  readonly limits: InstanceRow["limits"];
}

/** The rows, unit by unit, in the order they came. */
export function unitsOf(rows: readonly InstanceRow[], wallMs: number): readonly UnitRows[] {
  const units = Map.groupBy(rows, (row) => row.unit);
  return [...units].map(([unit, instances]) => ({
    unit,
    services: [...new Set(instances.flatMap((row) => row.services))],
    instances: instances.map(({ unit: _, ...row }) => ({ ...row, uptimeSeconds: uptimeOf(row, wallMs) })),
  }));
}

function uptimeOf({ startedAt, pid }: Pick<InstanceRow, "startedAt" | "pid">, wallMs: number): number | null {
  if (startedAt === null || pid === null) return null;
  return Math.max(0, Math.round((wallMs - Date.parse(startedAt)) / 100) / 10);
}

/** Where the gateway listens; undefined while it does not. In one process the gateway is a part of the only unit. */
export function gatewayIn(rows: readonly InstanceRow[]): string | undefined {
  const own = rows.filter(({ unit }) => unit === "gateway");
  const [listening] = (own.length > 0 ? own : rows).filter(({ state }) => state === "ready");
  return listening?.addresses.find((address) => /^https?:/.test(address));
}
