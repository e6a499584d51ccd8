/** What a process is told from outside: the folder, the environment, configuration files and `--set`. Read once, at the rim. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ConfigFile, type ConfigSources, parseSet, secretFilesOf } from "@cantle/config";
import type { Schema } from "@cantle/contract";
import { CantleError } from "@cantle/core";
import { LineCounter, parse, YAMLParseError } from "yaml";

/** What a process was started with. */
export interface Settings {
  /** The system's folder, with its configuration files. */
  readonly folder: string;
  /** Where `.cantle` is, with keys, data and sockets: the system's folder, unless `CANTLE_HOME` says otherwise. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Chooses `config.<profile>.yaml`. */
  readonly profile?: string | undefined;
  /** What `--set` said, in order. */
  readonly set?: readonly string[] | undefined;
  /** Stands in for `config.yaml`, by service: what a test says of configuration. */
  readonly config?: ConfigFile | undefined;
}

/** Where a service's embedded data is. */
export function dataFolder({ home, env }: Settings): string {
  return env["CANTLE_DATA"] ?? join(home, ".cantle", "data");
}

/** Everything that configuration of these services is taken from. Throws `CONFIG_INVALID` for a file that cannot be read. */
export function configSources(
  settings: Settings,
  schemas: Readonly<Record<string, Schema | undefined>>,
): ConfigSources {
  const { env, set = [] } = settings;
  const { file, profile } = readFiles(settings);
  const secretFiles = Object.fromEntries(
    secretFilesOf(schemas, env).map(({ variable, file }) => [variable, readText(file, variable)]),
  );
  return {
    file,
    profile,
    environment: env,
    secretFiles,
    set: set.filter((assignment) => parseSet(assignment)?.service !== policiesSection),
  };
}

/** The section of files, and the first word of `--set`, that is no service's: `policies`. */
const policiesSection = "policies";

/** A configuration file, with what it says of policies apart from the services' sections. */
export interface ReadFile extends ConfigFile {
  readonly policies: unknown;
}

/** The configuration files as they are now. Throws `CONFIG_INVALID` for one that cannot be read, and for a profile without one. */
export function readFiles(settings: Settings): { file: ReadFile | undefined; profile: ReadFile | undefined } {
  const { folder } = settings;
  const name = profileFile(settings);
  return {
    file: apart(settings.config ?? configFile(join(folder, plainFile), plainFile)),
    profile: name === undefined ? undefined : apart(requiredFile(join(folder, name), name)),
  };
}

/** The paths of the files that configuration is read from, whether or not they are there. */
export function configFiles(settings: Settings): readonly string[] {
  const name = profileFile(settings);
  const names = [...(settings.config === undefined ? [plainFile] : []), ...(name === undefined ? [] : [name])];
  return names.map((each) => join(settings.folder, each));
}

/** What `--set` says of policies, in order. */
export function policyAssignments({ set = [] }: Settings) {
  return set.flatMap((assignment) => {
    const parsed = parseSet(assignment);
    return parsed?.service === policiesSection ? [parsed] : [];
  });
}

const plainFile = "config.yaml";

function profileFile({ profile, env }: Settings): string | undefined {
  const name = profile ?? (env["CANTLE_PROFILE"] || undefined);
  return name === undefined ? undefined : `config.${name}.yaml`;
}

function apart(file: ConfigFile | undefined): ReadFile | undefined {
  if (typeof file?.content !== "object" || file.content === null || Array.isArray(file.content))
    return file && { ...file, policies: undefined };
  const { [policiesSection]: policies, ...content } = file.content as Record<string, unknown>;
  // `policies:` with nothing under it is null in YAML.
  return { from: file.from, content, policies: policies ?? undefined };
}

function requiredFile(path: string, from: string): ConfigFile {
  const file = configFile(path, from);
  if (file === undefined)
    throw new CantleError("CONFIG_INVALID", `there is no ${from}`, {
      place: path,
      help: "write it, or choose another profile",
    });
  return file;
}

function configFile(path: string, from: string): ConfigFile | undefined {
  if (!existsSync(path)) return undefined;
  const text = readText(path, path);
  const lineCounter = new LineCounter();
  try {
    return { from, content: parse(text, { maxAliasCount: 32, prettyErrors: false, lineCounter }) ?? {} };
  } catch (cause) {
    const { line, col } = lineCounter.linePos(cause instanceof YAMLParseError ? cause.pos[0] : 0);
    const place = line === 0 ? path : `${path}:${line}:${col}`;
    throw new CantleError("CONFIG_INVALID", `${from} is not YAML`, {
      place,
      cause,
      help: "mend what stands there or before it",
    });
  }
}

/** `place` is the variable that names the file, or the file itself. */
function readText(file: string, place: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new CantleError("CONFIG_INVALID", "a file with configuration cannot be read", {
      place,
      cause,
      help: "check its path and permissions",
    });
  }
}
