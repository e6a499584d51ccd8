/**
 * A system that is ready, told in three ways: a line for people, JSON for programs, a file for scripts that wait.
 *
 * The file appears whole or not at all, only once everything that can run runs, and goes away when the system stops; a script
 * that sees it can start to call.
 */
import { accessSync, constants, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { CantleError } from "@cantle/core";
import type { RunningSystem } from "@cantle/host";
import type { InstanceRow } from "@cantle/supervisor";
import { place } from "@cantle/system";
import type { Paint } from "./colours.ts";
import { spanText } from "./output.ts";
import { isPlatform } from "./units.ts";

/** What is told. */
export interface ReadyFacts {
  readonly system: string;
  /** Where the gateway is: `http://127.0.0.1:8080`. */
  readonly gateway: string;
  /** The same with the prefix of all routes: `http://127.0.0.1:8080/api`. */
  readonly url: string;
  /** Of the process that holds the system. */
  readonly pid: number;
  /** The services that run. */
  readonly services: readonly string[];
  /** The units, or instances of units, that do not, and services that are missing in a unit that does. */
  readonly missing: readonly string[];
}

/** The facts of a system that has started, placed like this. */
export function readyFacts(
  running: Pick<RunningSystem, "system" | "addresses" | "list">,
  placement?: string,
): ReadyFacts {
  const { system, addresses } = running;
  const rows = running.list();
  const ready = rows.filter((row) => row.state === "ready");
  const services = [...new Set(ready.filter(({ unit }) => !isPlatform(unit)).flatMap((row) => row.services))].sort();
  const missing = missingIn(rows);
  const there = new Set([...services, ...missing]);
  const units = place(system, placement).units.filter(({ name }) => !missing.includes(name));
  return {
    system: system.name,
    gateway: addresses.gateway,
    url: `${addresses.gateway}${system.gateway?.prefix ?? ""}`,
    pid: process.pid,
    services,
    missing: [...missing, ...units.flatMap((unit) => unit.services).filter((service) => !there.has(service))],
  };
}

/** A unit where none of its instances is ready, and otherwise the instances that are not. */
export function missingIn(rows: readonly InstanceRow[]): readonly string[] {
  const some = new Set(rows.filter(({ state }) => state === "ready").map(({ unit }) => unit));
  const missing = rows.filter(({ state }) => state !== "ready");
  return [...new Set(missing.map(({ unit, instance }) => (some.has(unit) ? instance : unit)))];
}

/** `blog is ready at http://127.0.0.1:8080 (0.8s)`, and what is missing. */
export function readyLine({ system, url, missing }: ReadyFacts, afterMs: number, paint: Paint): string {
  const without = missing.length === 0 ? "" : `, ${paint("yellow", `without ${missing.join(", ")}`)}`;
  return `${paint("green", `${system} is ready`)} at ${paint("bold", url)}${without} ${paint("dim", `(${spanText(afterMs)})`)}`;
}

/** Makes the file's folder and removes what an earlier start left. Throws `USAGE` when nothing can be written there. */
export function prepareReadyFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    accessSync(dirname(path), constants.W_OK);
    rmSync(path, { force: true });
  } catch (cause) {
    throw new CantleError("USAGE", "the ready file cannot be written", {
      place: path,
      cause,
      help: "name a file in a folder that you may write to with --ready-file",
    });
  }
}

/** Writes the file, atomically. */
export function writeReadyFile(path: string, facts: ReadyFacts): void {
  const next = `${path}.${process.pid}.next`;
  writeFileSync(next, `${JSON.stringify(facts, undefined, 2)}\n`);
  renameSync(next, path);
}

/** Removes the file; the system stops. */
export function removeReadyFile(path: string): void {
  rmSync(path, { force: true });
}
