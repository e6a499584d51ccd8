/** Which services of a system are external programs, and what is written of them. */
import { CantleError } from "@cantle/core";
import type { External, System } from "@cantle/system";

/** True for a service that stands for a program. */
export function isExternal(system: System, service: string): boolean {
  const source = Object.hasOwn(system.services, service) ? system.services[service] : undefined;
  return typeof source === "object" && source.kind === "external";
}

/** What stands behind the name of an external service. Throws `SYSTEM_INVALID` for what is none. */
export function externalOf(system: System, service: string): External {
  if (!isExternal(system, service)) {
    const place = placeOf(system, service);
    throw new CantleError("SYSTEM_INVALID", `'${service}' is not an external program`, { place });
  }
  return system.services[service] as External;
}

/** Where a service is written down, for errors. */
export function placeOf(system: System, service: string): string {
  return `system("${system.name}").services.${service}`;
}
