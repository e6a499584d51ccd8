/** What a call carries, from the command line: the input as JSON, bytes from a file. */
import { openAsBlob, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { BytesSpec } from "@cantle/contract";
import { CantleError, type Operation } from "@cantle/core";
import type { Terminal } from "./terminal.ts";

/** The input: JSON itself, `@file`, or `-` for stdin; nothing is `{}`. Throws `USAGE` for what is no JSON. */
export async function readData(terminal: Terminal, given: string | undefined): Promise<unknown> {
  if (given === undefined) return {};
  const { text, place } = await textOf(terminal, given);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new CantleError("USAGE", "the data is not JSON", {
      place,
      cause,
      help: `write --data '{"name":"Ann"}', --data @file.json, or --data - to read stdin`,
    });
  }
}

async function textOf({ cwd, readInput }: Terminal, given: string): Promise<{ text: string; place: string }> {
  if (given === "-") return { text: await readInput(), place: "stdin" };
  if (!given.startsWith("@")) return { text: given, place: "--data" };
  const file = resolve(cwd, given.slice(1));
  try {
    return { text: readFileSync(file, "utf8"), place: file };
  } catch (cause) {
    throw new CantleError("USAGE", "the file with the data cannot be read", { place: file, cause });
  }
}

/** What `call` says about an upload. */
export interface UploadOptions {
  readonly upload?: string;
  readonly type?: string;
}

/** The bytes of an upload, with their media type. Throws `USAGE` where one of both is missing. */
export async function readUpload({ cwd }: Terminal, operation: Operation, options: UploadOptions): Promise<Blob> {
  if (options.upload === undefined)
    throw new CantleError("USAGE", "the operation takes bytes", { help: "name a file with --upload FILE" });
  const { types = [] } = (operation as { upload?: BytesSpec }).upload ?? {};
  const only = types.length === 1 && !types[0]?.includes("*") ? types[0] : "application/octet-stream";
  const file = resolve(cwd, options.upload);
  try {
    return await openAsBlob(file, { type: options.type ?? only ?? "" });
  } catch (cause) {
    throw new CantleError("USAGE", "the file to upload cannot be read", { place: file, cause });
  }
}
