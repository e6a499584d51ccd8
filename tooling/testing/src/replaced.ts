/** A system with some of its implementations swapped; whatever stood there (a module, a remote service, a program) is not touched. */
import { CantleError } from "@cantle/core";
import type { ServiceDefinition } from "@cantle/service";
import type { ServiceSource, System } from "@cantle/system";

/** The system with these in place. Throws `SYSTEM_INVALID` for a name it does not have, or another service's contract. */
export function replaced(system: System, replace: { readonly [service: string]: ServiceDefinition }): System {
  const services: Record<string, ServiceSource> = { ...system.services };
  for (const [name, definition] of Object.entries(replace)) {
    check(system, name, definition);
    services[name] = () => Promise.resolve({ default: definition });
  }
  return Object.freeze({ ...system, services });
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
