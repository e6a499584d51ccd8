/** `cantle config`: every effective value, and where it came from. Secrets are masked. */
import { type ConfigRow, describeConfig, resolveConfigs } from "@cantle/config";
import { configSources, loadSystem, type PolicyRow, readPolicies, type Settings } from "@cantle/host";
import { loadServices } from "../contracts.ts";
import { printFailure } from "../failure.ts";
import { findSystem } from "../find-system.ts";
import { printJson, printTable } from "../output.ts";
import type { Terminal } from "../terminal.ts";

/** The options of `config`. */
export interface ConfigOptions {
  readonly system?: string;
  readonly profile?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

/** Runs it. A broken service is told on stderr; the values of the others are shown. */
export async function config(terminal: Terminal, options: ConfigOptions): Promise<number> {
  const { file, folder, home } = findSystem(terminal, options.system);
  const { profile, set } = options;
  const settings: Settings = { folder, home, env: terminal.env, profile, set };
  const system = await loadSystem(file);
  const loaded = await loadServices(system);
  const schemas = Object.fromEntries(
    loaded.flatMap(({ name, definition }) => (definition === undefined ? [] : [[name, definition.config]])),
  );
  const sources = configSources(settings, schemas);
  // Sections of services that could not be loaded are not looked into.
  const others = loaded.map(({ name }) => name);
  const rows = [
    ...Object.values(resolveConfigs({ services: schemas, sources, others })).flatMap(describeConfig),
    ...[...readPolicies(system, settings).values()].map(rowOf),
  ];
  if (options.json) printJson(terminal, { config: rows });
  else if (rows.length === 0) terminal.err("no service of this system takes configuration, and it has no policies");
  else {
    const cells = rows.map(({ path, value, source, from }) => [path, value, source, from]);
    printTable(terminal, ["PATH", "VALUE", "SOURCE", "FROM"], cells);
  }
  let exit = 0;
  for (const { error } of loaded) if (error !== undefined) exit ||= printFailure(terminal, error);
  return exit;
}

function rowOf({ target, member, value, source, from }: PolicyRow): ConfigRow {
  const shown = typeof value === "string" ? value : (JSON.stringify(value) ?? "(a function)");
  return { path: `policies.${target}.${member}`, value: shown, source, from };
}
