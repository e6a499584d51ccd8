/**
 * The record of the processes that run: `.cantle/run/state.json`, so that they can be found and ended though their
 * supervisor was killed. Written whole and renamed into place, after every change, by the holder of the folder's lock.
 *
 * It carries its version; a newer one is refused, never guessed at. It holds no secrets: of arguments and environment only a
 * digest, of what an instance is told over its channel nothing.
 */
import { readFileSync, rmSync } from "node:fs";
import { CantleError } from "@cantle/core";
import { replaceFile } from "./kept-files.ts";
import { type ProcessIdentity, readIdentity } from "./process-identity.ts";
import type { Mode } from "./spec.ts";

const version = 1;

/** One process that was spawned and has not been seen to end. */
export interface ProcessRecord extends ProcessIdentity {
  readonly unit: string;
  readonly instance: string;
  readonly startedAt: string;
  readonly drainTimeoutMs: number;
  readonly addresses: readonly string[];
  readonly services: readonly string[];
  /** Which start of the instance it is. */
  readonly generation: number;
  /** Of the spec it was spawned by. */
  readonly digest: string;
}

/** What the file says. Processes stand in the order they were spawned. */
export interface RecordedState {
  readonly mode: Mode;
  readonly supervisor: ProcessIdentity;
  readonly processes: readonly ProcessRecord[];
}

/** What the file is to say. */
export function stateText(state: RecordedState): string {
  return `${JSON.stringify({ version, ...state }, undefined, 2)}\n`;
}

/** Writes the file, before anything runs. Throws `FOLDER_UNUSABLE`. */
export function writeState(path: string, state: RecordedState): void {
  try {
    replaceFile(path, stateText(state));
  } catch (cause) {
    throw new CantleError("FOLDER_UNUSABLE", "what runs cannot be written down", {
      place: path,
      cause,
      help: "make room on the disk and let this user write there, or choose another folder with CANTLE_HOME",
    });
  }
}

/** Removes the file: nothing runs. */
export function removeState(path: string): void {
  rmSync(path, { force: true });
}

/** What was recorded; undefined when nothing was. Throws `DATA_NEWER` and `DATA_DAMAGED`. */
export function readState(path: string): RecordedState | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  const content = parse(text, path);
  if (typeof content.version === "number" && content.version > version) {
    throw new CantleError(
      "DATA_NEWER",
      `the record of running processes has version ${content.version}, this program reads ${version}`,
      {
        place: path,
        help: "use the newer version of Cantle to stop the system",
      },
    );
  }
  const supervisor = readIdentity(content.supervisor);
  const { mode, processes } = content;
  if (supervisor === undefined || (mode !== "attached" && mode !== "background") || !Array.isArray(processes)) {
    throw damaged(path);
  }
  return { mode, supervisor, processes: processes.map((value) => readRecord(value, path)) };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw damaged(path, error);
  }
}

function parse(text: string, path: string): Partial<RecordedState> & { readonly version?: unknown } {
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === "object" && content !== null) return content;
  } catch (error) {
    throw damaged(path, error);
  }
  throw damaged(path);
}

function readRecord(value: unknown, path: string): ProcessRecord {
  const identity = readIdentity(value);
  const record = (value ?? {}) as Partial<ProcessRecord>;
  const { unit, instance, startedAt, drainTimeoutMs, addresses, services, generation, digest } = record;
  if (identity === undefined || typeof unit !== "string" || typeof instance !== "string") throw damaged(path);
  if (typeof startedAt !== "string" || typeof drainTimeoutMs !== "number") throw damaged(path);
  if (typeof generation !== "number" || typeof digest !== "string") throw damaged(path);
  if (!Array.isArray(addresses) || !Array.isArray(services)) throw damaged(path);
  return { ...identity, unit, instance, startedAt, drainTimeoutMs, addresses, services, generation, digest };
}

function damaged(path: string, cause?: unknown): CantleError {
  return new CantleError("DATA_DAMAGED", "the record of running processes cannot be read", {
    place: path,
    help: "look for processes of this system, end them, and delete the file",
    cause,
  });
}
