/** Loading implementations, one service at a time, so that a broken one is one clear error and nothing more. */
import { CantleError, isCantleError } from "@cantle/core";
import { isServiceDefinition, type ServiceDefinition } from "@cantle/service";
import type { System } from "./description.ts";

/** The definition of a service that runs here. Throws `SERVICE_BROKEN` when its module does not load or is something else. */
export async function loadService(system: System, name: string): Promise<ServiceDefinition> {
  const source = system.services[name];
  const place = `system("${system.name}").services.${name}`;
  if (typeof source !== "function")
    throw new CantleError("SERVICE_BROKEN", `'${name}' has no implementation to load`, { place });
  let loaded: { readonly default: unknown };
  try {
    loaded = await source();
  } catch (cause) {
    if (isCantleError(cause)) throw cause;
    throw new CantleError("SERVICE_BROKEN", `the module of '${name}' failed to load`, {
      place: whereIn(cause) ?? place,
      cause,
      help: "mend the module; the other services are not affected",
    });
  }
  const definition = loaded?.default;
  if (!isServiceDefinition(definition)) {
    throw new CantleError("SERVICE_BROKEN", `the module of '${name}' does not export a service by default`, {
      place,
      help: "write: export default service(contract, { handlers })",
    });
  }
  if (definition.contract.name !== name) {
    throw new CantleError("SYSTEM_INVALID", `'${name}' implements the contract '${definition.contract.name}'`, {
      place,
      help: `list it as '${definition.contract.name}'`,
    });
  }
  return definition;
}

/** The first place in a stack that is a file of the user's: `file:line:column`. Modules of Node.js and of npm are not. */
export function whereIn(error: unknown): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  // A syntax error names its place in the first line of the stack, other errors in the first frame.
  const places = stack.matchAll(/(?:file:\/\/|^|[\s(])(\/[^\s():]+:\d+(?::\d+)?)/gm);
  return [...places].map(([, place]) => place).find((place) => place?.includes("/node_modules/") === false);
}
