/**
 * A small record that outlives the supervisor: one JSON file with a version (`kept-files.ts`). A newer version is refused, never guessed at. It is removed when everything has stopped: it is about what runs.
 */
import { readFileSync } from "node:fs";
import { CantleError } from "@cantle/core";
import type { KeptFiles } from "./kept-files.ts";

const version = 1;

/** A record of `T`, which is JSON data. */
export interface RecordFile<T> {
  /** What was written last; undefined when nothing was. Throws `DATA_NEWER` and `DATA_DAMAGED`. */
  read(): T | undefined;
  write(content: T): void;
  remove(): void;
}

/** The record at a path; `isContent` tells whether what is read can be one. */
export function recordFile<T>(
  path: string,
  isContent: (value: unknown) => value is T,
  files: KeptFiles,
): RecordFile<T> {
  return {
    read() {
      const text = textOf(path);
      if (text === undefined) return undefined;
      const record = parse(text);
      if (typeof record.version === "number" && record.version > version)
        throw new CantleError(
          "DATA_NEWER",
          `a record of what runs has version ${record.version}, this program reads ${version}`,
          { place: path, help: "use the newer version of Cantle, or stop the system and delete the file" },
        );
      if (!isContent(record.content))
        throw new CantleError("DATA_DAMAGED", "a record of what runs cannot be read", {
          place: path,
          help: "delete the file; what it says of scaling and rollouts is lost, nothing else",
        });
      return record.content;
    },
    write: (content) => files.write(path, `${JSON.stringify({ version, content }, undefined, 2)}\n`),
    remove: () => files.remove(path),
  };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Empty for anything that is no record. */
function parse(text: string): { readonly version?: unknown; readonly content?: unknown } {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
