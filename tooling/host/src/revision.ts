/**
 * What makes the same command another program: the sources of a unit, its configuration, and what of the environment is
 * meant for it, as one digest. Two starts with the same revision would make the same process, so one that runs may stay.
 *
 * It is a hash of everything at once and is written down with the process, readable by its owner only. What is not seen:
 * modules of packages, imports by a computed path, secret files (only their names), and other variables that a service reads
 * by itself. `cantle restart` is there for those.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { variableOf } from "@cantle/config";
import type { Role } from "./handover.ts";
import type { Settings } from "./settings.ts";

/** What a revision is made of. */
export interface RevisionOf {
  readonly role: Role;
  /** The services of the unit: variables that begin with their names are meant for it. */
  readonly services: readonly string[];
  /** Its source files. */
  readonly files: readonly string[];
  readonly settings: Settings;
  readonly speak: string;
}

/** Variables that the platform itself reads in every process. */
const platformVariables = /^(CANTLE|LOG|NODE|OTEL)_/;
/** Where a process keeps what it compiled, and how a test runner marks its own: neither makes another program. */
const otherVariables = /^NODE_(COMPILE_CACHE|TEST_CONTEXT)$/;

/** The revision of a unit. */
export function revisionOf({ role, services, files, settings, speak }: RevisionOf): string {
  const { folder, env, profile = env["CANTLE_PROFILE"], set } = settings;
  const configs = ["config.yaml", `config.${profile}.yaml`].map((name) => join(folder, name));
  const texts = [...files, ...configs].toSorted().map((path) => [path, textOf(path)]);
  const all = { role, services, texts, variables: variablesOf(env, services), profile, set, speak, runs: runsOn() };
  return createHash("sha256").update(JSON.stringify(all)).digest("base64url").slice(0, 22);
}

function variablesOf(env: Settings["env"], services: readonly string[]) {
  const prefixes = services.map((service) => variableOf(service, []));
  return Object.entries(env)
    .filter(([name]) => !otherVariables.test(name))
    .filter(([name]) => platformVariables.test(name) || prefixes.some((prefix) => name.startsWith(prefix)))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function textOf(path: string): string | null {
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

/** Another Node.js or another Cantle makes another program of everything. */
function runsOn(): readonly string[] {
  const manifest = new URL("../package.json", import.meta.url);
  return [process.version, import.meta.url, textOf(manifest.pathname) ?? ""];
}
