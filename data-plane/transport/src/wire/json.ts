/** Output as JSON, with the coded error of whoever said something that JSON cannot. */
import { CantleError } from "@cantle/core";

/** A value as JSON text; empty for none. Throws `OUTPUT_INVALID` for cycles, bigints and the like. */
export function stringify(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch (cause) {
    throw new CantleError("OUTPUT_INVALID", "the value cannot be said as JSON", { cause });
  }
}
