/** For tests: rows of instances. */
import type { InstanceRow } from "@cantle/supervisor";

/** A row of an instance that is ready, unless something else is said. Its unit is the name without the number. */
export function rowOf(instance: string, facts: Partial<InstanceRow> = {}): InstanceRow {
  return {
    unit: instance.replace(/-\d+$/, ""),
    instance,
    pid: 4711,
    state: "ready",
    addresses: [],
    services: [],
    restarts: 0,
    startedAt: "2026-01-01T00:00:00.000Z",
    lastError: null,
    load: null,
    limits: null,
    ...facts,
  };
}
