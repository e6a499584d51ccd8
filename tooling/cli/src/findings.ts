/**
 * Everything that can be known to be wrong with a system before it runs. Each check goes on where another has failed, so that
 * one look shows all mistakes.
 *
 *     placements   every placement can be laid out
 *     modules      every service loads, and is what its contract says
 *     config       every value is there and fits
 *     policies     what configuration says of them can be meant, and is about operations that there are
 *     uses         every service that is called is in the system, in a version that can answer
 *     messages     every subscription and schedule can be meant, and the broker can do what they need
 *     routes       no two operations answer at the same method and path
 */
import { resolveConfigs } from "@cantle/config";
import { type Contract, openapi } from "@cantle/contract";
import { asCantleError, CantleError } from "@cantle/core";
import { checkMessages, configSources, type PolicyRow, readPolicies, type Settings } from "@cantle/host";
import { type ServiceDefinition, usedContracts } from "@cantle/service";
import { place, platformServices, type System } from "@cantle/system";
import { type LoadedService, loadServices } from "./contracts.ts";
import { meantOf } from "./meant.ts";

/** The errors of a system. */
export async function findingsIn(system: System, settings: Settings): Promise<readonly CantleError[]> {
  const loaded = await loadServices(system);
  return [
    ...placementFindings(system),
    ...loaded.flatMap(({ error }) => (error === undefined ? [] : [error])),
    ...configFindings(system, loaded, settings),
    ...policyFindings(system, loaded, settings),
    ...loaded.flatMap(({ definition }) => (definition === undefined ? [] : useFindings(system, definition, loaded))),
    ...loaded.flatMap(({ definition }) =>
      definition === undefined ? [] : thrownBy(() => checkMessages(definition, settings)),
    ),
    ...routeFindings(loaded),
  ];
}

function placementFindings(system: System): readonly CantleError[] {
  const names = ["units", ...Object.keys(system.placements ?? {})];
  return names.flatMap((name) => thrownBy(() => place(system, name)));
}

function configFindings(system: System, loaded: readonly LoadedService[], settings: Settings): readonly CantleError[] {
  const schemas = Object.fromEntries(
    loaded.flatMap(({ name, definition }) => (definition === undefined ? [] : [[name, definition.config]])),
  );
  const others = loaded.map(({ name }) => name);
  const found = thrownBy(() =>
    resolveConfigs({ services: schemas, sources: configSources(settings, schemas), others }),
  );
  // A file that cannot be read is one mistake, whoever reads it.
  const isNew = ({ message, place }: CantleError) =>
    !found.some((each) => each.message === message && each.place === place);
  return [...found, ...thrownBy(() => readPolicies(system, settings)).filter(isNew)];
}

/** Only here, where all services are loaded: a process knows the operations of its own, and what it calls. */
function policyFindings(system: System, loaded: readonly LoadedService[], settings: Settings): readonly CantleError[] {
  const operations = new Map(loaded.map(({ name, contract }) => [name, contract && Object.keys(contract.operations)]));
  const said = new Map(policyRows(system, settings).map(({ target, from }) => [target, from]));
  return [...said].flatMap(([target, from]) => {
    const [service = "", ...rest] = target.split(".");
    const operation = rest.join(".");
    const known = operations.get(service);
    if (rest.length === 0 || known === undefined || known.includes(operation)) return [];
    return new CantleError("CONFIG_INVALID", `'${service}' has no operation '${operation}' (from ${from})`, {
      place: `policies.${target}`,
      help: meantOf(operation, known) ?? `there are ${known.join(", ")}`,
    });
  });
}

/** None where they cannot be read, which is told already. */
function policyRows(system: System, settings: Settings): readonly PolicyRow[] {
  try {
    return [...readPolicies(system, settings).values()];
  } catch {
    return [];
  }
}

/** What one service calls that is not there, or cannot answer it. */
export function useFindings(
  system: System,
  definition: ServiceDefinition,
  loaded: readonly LoadedService[],
): readonly CantleError[] {
  return [...usedContracts(definition)].flatMap(([word, used]) => {
    if (platformServices.has(used.name)) return [];
    const at = `service(${definition.contract.name}).uses.${word}`;
    if (!Object.hasOwn(system.services, used.name)) return [missingUse(system, used, at)];
    const { contract } = loaded.find(({ name }) => name === used.name) ?? {};
    return contract === undefined || canAnswer(contract.version, used.version) ? [] : [skew(contract, used, at)];
  });
}

function missingUse(system: System, used: Contract<string, any>, at: string): CantleError {
  const meant = meantOf(used.name, Object.keys(system.services));
  return new CantleError("SYSTEM_INVALID", `'${used.name}' is used, and the system does not have it`, {
    place: at,
    help: `${meant === undefined ? "" : `${meant} `}list it in system("${system.name}").services, as remote(${used.name}) where another system runs it`,
  });
}

function skew(contract: Contract<string, any>, used: Contract<string, any>, at: string): CantleError {
  const { name, version } = contract;
  return new CantleError("CONTRACT_INCOMPATIBLE", `'${name}' has version ${version}, and ${used.version} is used`, {
    place: at,
    help: "bring both to one version of the contract; the major must be the same and the minor at least the one used",
  });
}

/** The same major, and a minor that has everything the caller was written for. */
export function canAnswer(version: string, used: string): boolean {
  const [major, minor = 0] = version.split(".").map(Number);
  const [usedMajor, usedMinor = 0] = used.split(".").map(Number);
  return major === usedMajor && minor >= usedMinor;
}

/** The document of all operations at the gateway cannot be written when two of them clash. */
function routeFindings(loaded: readonly LoadedService[]): readonly CantleError[] {
  const contracts = loaded.flatMap(({ contract }) => (contract === undefined ? [] : [contract]));
  return thrownBy(() => openapi(contracts, { title: "check", version: "0.0.0" }));
}

function thrownBy(check: () => unknown): readonly CantleError[] {
  try {
    check();
    return [];
  } catch (error) {
    return [asCantleError(error)];
  }
}
