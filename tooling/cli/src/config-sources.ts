/** The texts that configuration is made of, read from a system's folder and the environment. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ConfigFile, type ConfigSources, secretFilesOf } from "@cantle/config";
import type { Schema } from "@cantle/contract";
import { CantleError } from "@cantle/core";
import { parse } from "yaml";

/** Where to read. */
export interface ConfigSettings {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly profile?: string | undefined;
  readonly set?: readonly string[] | undefined;
}

/** Everything that configuration of these services is taken from. Throws `CONFIG_INVALID` for a file that cannot be read. */
export function configSources(
  { folder, env, profile = env.CANTLE_PROFILE, set = [] }: ConfigSettings,
  schemas: Readonly<Record<string, Schema | undefined>>,
): ConfigSources {
  const files = secretFilesOf(schemas, env).map(({ variable, file }) => [variable, readText(file, variable)]);
  return {
    file: configFile(folder, "config.yaml", false),
    profile: profile === undefined ? undefined : configFile(folder, `config.${profile}.yaml`, true),
    environment: env,
    secretFiles: Object.fromEntries(files) as Record<string, string>,
    set,
  };
}

function configFile(folder: string, name: string, required: boolean): ConfigFile | undefined {
  const path = join(folder, name);
  if (!existsSync(path) && !required) return undefined;
  const text = readText(path, path);
  try {
    return { from: name, content: parse(text, { maxAliasCount: 32 }) ?? {} };
  } catch (cause) {
    throw new CantleError("CONFIG_INVALID", `${name} is not YAML`, { place: path, cause });
  }
}

function readText(file: string, place: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new CantleError("CONFIG_INVALID", "a configuration file cannot be read", { place, cause });
  }
}
