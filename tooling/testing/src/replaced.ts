/** A system with some of its implementations swapped; whatever stood there (a module, a remote service, a program) is not touched. */
import { CantleError } from "@cantle/core";
import type { ServiceDefinition } from "@cantle/service";
import type { LoadService, System } from "@cantle/system";

/**
 * The system with these in place. What would run elsewhere, and is not replaced, fails to load.
 * Throws `SYSTEM_INVALID` for a name it does not have, or another service's contract.
 */
export function replaced(system: System, replace: { readonly [service: string]: ServiceDefinition }): System {
  const services = new Map<string, LoadService>();
  for (const [name, source] of Object.entries(system.services))
    services.set(name, typeof source === "function" ? source : () => Promise.reject(elsewhere(system, name)));
  for (const [name, definition] of Object.entries(replace)) {
    check(system, name, definition);
    services.set(name, () => Promise.resolve({ default: definition }));
  }
  return Object.freeze({ ...system, services: Object.fromEntries(services) });
}

function elsewhere(system: System, name: string): CantleError {
  return new CantleError("SERVICE_BROKEN", `'${name}' does not run in a test's process`, {
    place: `system("${system.name}").services.${name}`,
    help: `put something in its place: replace: { ${name}: service(contract, { handlers }) }`,
  });
}

function check({ services, name: whole }: System, name: string, { contract }: ServiceDefinition): void {
  const place = `replace.${name}`;
  if (!Object.hasOwn(services, name))
    throw new CantleError("SYSTEM_INVALID", `'${whole}' has no service '${name}' to replace`, {
      place,
      help: `its services are ${Object.keys(services).join(", ")}`,
    });
  if (contract.name !== name)
    throw new CantleError("SYSTEM_INVALID", `this implements '${contract.name}', not '${name}'`, {
      place,
      help: `write service(${name}, { handlers }) with the contract of '${name}'`,
    });
}
