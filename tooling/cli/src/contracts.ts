/** The contracts of a system, each from where it stands: a service's module, `remote(contract)`, `external({ contract })`. */
import type { Contract } from "@cantle/contract";
import { asCantleError, CantleError, type Operation } from "@cantle/core";
import type { ServiceDefinition } from "@cantle/service";
import { loadService, type System } from "@cantle/system";
import { meantOf } from "./meant.ts";

/** What stands behind a name in `services`, as far as it could be loaded. */
export interface LoadedService {
  readonly name: string;
  readonly kind: "service" | "remote" | "external";
  /** Undefined for a program that promises none, and for what is broken. */
  readonly contract: Contract<string, any> | undefined;
  readonly definition: ServiceDefinition | undefined;
  /** Why it could not be loaded. */
  readonly error: CantleError | undefined;
}

/** All services of a system, in its order; a broken one does not hide the others. */
export function loadServices(system: System): Promise<readonly LoadedService[]> {
  return Promise.all(Object.keys(system.services).map((name) => loadOne(system, name)));
}

async function loadOne(system: System, name: string): Promise<LoadedService> {
  const source = system.services[name];
  if (typeof source !== "function") {
    const { kind = "external", contract } = source ?? {};
    return { name, kind, contract, definition: undefined, error: undefined };
  }
  try {
    const definition = await loadService(system, name);
    return { name, kind: "service", contract: definition.contract, definition, error: undefined };
  } catch (error) {
    return { name, kind: "service", contract: undefined, definition: undefined, error: asCantleError(error) };
  }
}

/** The contract of one service. Throws `SERVICE_UNKNOWN`, and why it could not be loaded. */
export async function contractOf(system: System, name: string): Promise<Contract<string, any>> {
  if (!Object.hasOwn(system.services, name)) {
    throw new CantleError("SERVICE_UNKNOWN", `the system '${system.name}' has no service '${name}'`, {
      help: meantOf(name, Object.keys(system.services)) ?? "see them with `cantle services`",
    });
  }
  const { contract, error } = await loadOne(system, name);
  if (error !== undefined) throw error;
  if (contract !== undefined) return contract;
  throw new CantleError("OPERATION_UNKNOWN", `'${name}' is an external program without a contract`, {
    place: `system("${system.name}").services.${name}`,
    help: "give external() a contract, or call its route with any HTTP client",
  });
}

/** An operation of a contract. Throws `OPERATION_UNKNOWN`. */
export function operationOf(contract: Contract<string, any>, name: string): Operation {
  const operations = contract.operations as Readonly<Record<string, Operation>>;
  if (Object.hasOwn(operations, name)) return operations[name] as Operation;
  throw new CantleError("OPERATION_UNKNOWN", `'${contract.name}' has no operation '${name}'`, {
    help: meantOf(name, Object.keys(operations)) ?? `it has ${Object.keys(operations).join(", ")}`,
  });
}

/** Who may call an operation, in a word: `public`, `user`, `roles: admin`, `internal`. */
export function accessText({ access }: Pick<Operation, "access">): string {
  if (access === undefined) return "internal";
  return typeof access === "string" ? access : `roles: ${access.roles.join(", ")}`;
}
