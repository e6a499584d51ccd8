/** `cantle contract export`: contracts as JSON, or as one OpenAPI or AsyncAPI document. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  asyncapi,
  type Contract,
  type DeclaredEvent,
  type DeclaredQueue,
  failuresOf,
  jsonSchemaOf,
  openapi,
  type Schema,
} from "@cantle/contract";
import { CantleError, type Operation } from "@cantle/core";
import { loadSystem } from "@cantle/host";
import type { System } from "@cantle/system";
import { contractOf } from "../contracts.ts";
import { type FoundSystem, findSystem } from "../find-system.ts";
import type { Terminal } from "../terminal.ts";

/** The options of `contract export`. */
export interface ContractExportOptions {
  readonly system?: string;
  readonly openapi?: boolean;
  readonly asyncapi?: boolean;
  readonly out?: string;
}

/** Runs it. One service, or all that have a contract; a broken one is an error, as the export would be missing something. */
export async function contractExport(
  terminal: Terminal,
  options: ContractExportOptions,
  named?: string,
): Promise<number> {
  const found = findSystem(terminal, options.system);
  const system = await loadSystem(found.file);
  const contracts = await Promise.all(namesOf(system, named).map((name) => contractOf(system, name)));
  const content = contentOf(contracts, { found, system, options, named });
  const text = JSON.stringify(content, undefined, 2);
  if (options.out === undefined || options.out === "-") terminal.out(text);
  else write(terminal, resolve(terminal.cwd, options.out), text);
  return 0;
}

interface Exporting {
  readonly found: FoundSystem;
  readonly system: System;
  readonly options: ContractExportOptions;
  readonly named: string | undefined;
}

function contentOf(contracts: readonly Contract<string, any>[], { found, system, options, named }: Exporting): object {
  const only = named === undefined ? undefined : contracts[0];
  if (options.openapi) return openapi(contracts, openApiOptions(system, found, only));
  if (options.asyncapi) return asyncapi(contracts, titleOf(system, found, only));
  return only === undefined
    ? { system: system.name, contracts: contracts.map(describeContract) }
    : describeContract(only);
}

function namesOf(system: System, named: string | undefined): readonly string[] {
  if (named !== undefined) return [named];
  return Object.entries(system.services)
    .filter(([, source]) => typeof source === "function" || source.contract !== undefined)
    .map(([name]) => name);
}

/** A contract as data, with JSON Schemas in the place of schemas. */
export function describeContract({ name, version, operations, events, queues }: Contract<string, any>): object {
  return {
    name,
    version,
    operations: Object.fromEntries(
      Object.values<Operation>(operations).map((operation) => [operation.name, describeOperation(operation)]),
    ),
    events: describeChannels(events),
    queues: describeChannels(queues),
  };
}

/** Events or queues, by name. */
function describeChannels(channels: { readonly [name: string]: DeclaredEvent | DeclaredQueue }): object {
  return Object.fromEntries(
    Object.values(channels).map(({ service: _, name, kind: __, version: ___, channel, data, ...facts }) => [
      name,
      { channel: channel.name, ...facts, data: jsonSchemaOf(data, "output", channel.name) },
    ]),
  );
}

function describeOperation(operation: Operation): object {
  const { service: _, name, kind: __, version: ___, ...facts } = operation;
  const written = operation as { input?: Schema; output?: Schema; stream?: Schema };
  const schema = (which: "input" | "output", value: Schema | undefined) =>
    value === undefined ? undefined : jsonSchemaOf(value, which, `${operation.service}.${name}`);
  const failures = Object.entries(failuresOf(operation)).map(([failure, { data, ...spec }]) => [
    failure,
    { ...spec, data: schema("output", data) },
  ]);
  return {
    ...facts,
    input: schema("input", written.input),
    output: schema("output", written.output),
    stream: schema("output", written.stream),
    errors: Object.fromEntries(failures),
  };
}

function openApiOptions(system: System, found: FoundSystem, only: Contract<string, any> | undefined) {
  const { prefix } = system.gateway ?? {};
  return { ...titleOf(system, found, only), ...(prefix !== undefined && { prefix }) };
}

function titleOf(system: System, { folder }: FoundSystem, only: Contract<string, any> | undefined) {
  return { title: only?.name ?? system.name, version: only?.version ?? versionIn(folder) };
}

/** A system has no version of its own; its package has. */
function versionIn(folder: string): string {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return "0.0.0";
  try {
    return String((JSON.parse(readFileSync(file, "utf8")) as { version?: unknown }).version ?? "0.0.0");
  } catch {
    return "0.0.0";
  }
}

function write({ err }: Terminal, file: string, text: string): void {
  try {
    writeFileSync(file, `${text}\n`);
  } catch (cause) {
    throw new CantleError("USAGE", "the file cannot be written", {
      place: file,
      cause,
      help: "name another with --out",
    });
  }
  err(`wrote ${file}`);
}
