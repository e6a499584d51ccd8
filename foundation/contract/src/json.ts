/** JSON in and out of bytes, with the limits that untrusted text needs. */
import { CantleError, type Code } from "@cantle/core";

/** How deep JSON may nest; deeper text is refused before anything walks it recursively. */
export const jsonDepthMax = 200;

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();
const empty = new Uint8Array(0);

/**
 * The value of UTF-8 JSON bytes. Throws `code` (default `BODY_MALFORMED`) for broken JSON, broken UTF-8, and nesting over
 * `jsonDepthMax`. A member called `__proto__` becomes an ordinary own member, as `JSON.parse` does it.
 */
export function parseJson(bytes: Uint8Array, code: Code = "BODY_MALFORMED"): unknown {
  // Text this short cannot nest deeper than the limit, so most bodies are not scanned.
  if (bytes.byteLength > jsonDepthMax * 2 && opens(bytes) > jsonDepthMax && depthOf(bytes) > jsonDepthMax)
    throw new CantleError(code, `the JSON nests deeper than ${jsonDepthMax}`);
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new CantleError(code, "the bytes are not JSON", { cause });
  }
}

/** UTF-8 JSON bytes of a value; none for `undefined`. Throws `code` for what JSON cannot say. */
export function printJson(value: unknown, code: Code = "INPUT_INVALID"): Uint8Array {
  if (value === undefined) return empty;
  try {
    return encoder.encode(JSON.stringify(value));
  } catch (cause) {
    throw new CantleError(code, "the value cannot be said as JSON", { cause });
  }
}

/** How many opening brackets there are, those in strings too, as far as it matters; found faster than nesting is followed. */
function opens(bytes: Uint8Array): number {
  let count = 0;
  for (const bracket of [0x7b, 0x5b]) {
    for (let at = bytes.indexOf(bracket); at !== -1 && count <= jsonDepthMax; at = bytes.indexOf(bracket, at + 1))
      count++;
  }
  return count;
}

/** How deep brackets nest, strings left out; stops counting just past the limit. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > jsonDepthMax) return depth;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return 0;
}
