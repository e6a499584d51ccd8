/** `cantle services`: what a system is made of. Broken services are listed with why. */
import type { DeclaredEvent, DeclaredQueue } from "@cantle/contract";
import { explainError, type Operation } from "@cantle/core";
import { loadSystem } from "@cantle/host";
import { type Plan, place } from "@cantle/system";
import { accessText, type LoadedService, loadServices } from "../contracts.ts";
import { printError } from "../failure.ts";
import { findSystem } from "../find-system.ts";
import { counted, printJson } from "../output.ts";
import type { Terminal } from "../terminal.ts";

/** The options of `services`. */
export interface ServicesOptions {
  readonly system?: string;
  readonly units?: string;
  readonly json?: boolean;
}

/** Runs it. */
export async function services(terminal: Terminal, options: ServicesOptions): Promise<number> {
  const system = await loadSystem(findSystem(terminal, options.system).file);
  const plan = place(system, options.units);
  const facts = (await loadServices(system)).map((loaded) => factsOf(loaded, plan));
  if (options.json) printJson(terminal, { system: system.name, placement: plan.placement, services: facts });
  else for (const each of facts) printService(terminal, each);
  return 0;
}

type Facts = ReturnType<typeof factsOf>;

function factsOf({ name, kind, contract, error }: LoadedService, plan: Plan) {
  const operations = Object.values<Operation>(contract?.operations ?? {});
  return {
    service: name,
    kind,
    version: contract?.version ?? null,
    unit: plan.units.find((unit) => unit.services.includes(name))?.name ?? null,
    operations: operations.map((operation) => ({
      operation: operation.name,
      method: operation.method,
      path: operation.path,
      shape: operation.shape,
      access: accessText(operation),
      deprecated: operation.deprecated,
    })),
    events: channelsOf(contract?.events),
    queues: channelsOf(contract?.queues),
    error: error === undefined ? null : { code: error.code, text: explainError(error) },
  };
}

/** As they are called at the broker. */
function channelsOf(declared: Readonly<Record<string, DeclaredEvent | DeclaredQueue>> = {}): readonly string[] {
  return Object.values(declared).map(({ channel }) => channel.name);
}

function printService(terminal: Terminal, facts: Facts): void {
  const { service, kind, version, unit, operations, events, queues, error } = facts;
  const { out, paintOut } = terminal;
  const where = unit === null ? "runs elsewhere" : `unit ${unit}`;
  const what = kind === "service" ? "" : ` (${kind})`;
  const size = error === null ? counted(operations.length, "operation") : `broken (${error.code})`;
  out(
    `${paintOut("bold", service)}${version === null ? "" : ` ${version}`}${what}  ${paintOut("dim", `${where}, ${size}`)}`,
  );
  const width = Math.max(0, ...operations.map(({ operation }) => operation.length));
  for (const { operation, method, path, access, deprecated } of operations) {
    const who = paintOut("dim", `${access}${deprecated ? ", deprecated" : ""}`);
    out(`  ${operation.padEnd(width)}  ${method.padEnd(6)} ${path}  ${who}`);
  }
  for (const name of events) out(`  ${"event".padEnd(width)}  ${name}`);
  for (const name of queues) out(`  ${"queue".padEnd(width)}  ${name}`);
  if (error !== null) printError(terminal, error.text);
}
