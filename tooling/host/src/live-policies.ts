/**
 * Policies that change while the system runs: the configuration files are looked at twice a second, and when one has changed,
 * policies are read anew. Calls that begin from then on have the new ones; services' own configuration is read at their start.
 *
 * 1. A file counts once it has been left alone between two looks, so that nobody reads half of one.
 * 2. What is wrong is refused and logged once, and the policies before it go on.
 * 3. Each process looks for itself: nothing needs to run besides for a change to arrive, and all have it within a second or so.
 *
 * Files are looked at, not watched: editors, checkouts and mounted volumes replace them in ways that watchers lose.
 */
import { statSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { Clock, Running } from "@cantle/core";
import type { PolicySource } from "@cantle/mesh";
import type { System } from "@cantle/system";
import type { Logger } from "@cantle/telemetry";
import { type PolicyRow, policiesOf } from "./policies.ts";
import { readPolicies } from "./policy-sources.ts";
import { configFiles, type Settings } from "./settings.ts";

/** Policies, as they are just now. */
export interface LivePolicies extends Running {
  readonly current: PolicySource;
}

/** What they are followed with. */
export interface Followed {
  readonly system: System;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Logger;
}

const lookMs = 500;

/** Reads them, and follows the files until it is stopped. Throws `CONFIG_INVALID` when they are wrong from the beginning. */
export function followPolicies({ system, settings, clock, log }: Followed): LivePolicies {
  const services = Object.keys(system.services);
  const files = configFiles(settings);
  let stamp = stampOf(files);
  let changing = stamp;
  let rows = readPolicies(system, settings);
  let current = policiesOf(rows, services);
  let timer = { cancel() {} };

  function look(): void {
    const found = stampOf(files);
    if (found !== stamp && found === changing) {
      stamp = found;
      adopt();
    }
    changing = found;
    timer = clock.after(lookMs, look);
  }

  function adopt(): void {
    try {
      const next = readPolicies(system, settings);
      if (isDeepStrictEqual(next, rows)) return;
      log.info("policies changed", { changed: changesBetween(rows, next) });
      rows = next;
      current = policiesOf(rows, services);
    } catch (error) {
      log.error("the policies in configuration are wrong; those before them go on", { error });
    }
  }

  // What a test says in place of files does not change.
  if (files.length > 0) timer = clock.after(lookMs, look);
  return {
    current: () => current,
    async stop() {
      timer.cancel();
    },
  };
}

/** Tells whether any of the files is another one, or has other content. */
function stampOf(files: readonly string[]): string {
  return files
    .map((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found === undefined ? "-" : `${found.ino}:${found.size}:${found.mtimeMs}`;
    })
    .join(" ");
}

function changesBetween(before: ReadonlyMap<string, PolicyRow>, after: ReadonlyMap<string, PolicyRow>): string[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  return keys
    .filter((key) => !isDeepStrictEqual(before.get(key)?.value, after.get(key)?.value))
    .map((key) => key.replace(" ", "."));
}
