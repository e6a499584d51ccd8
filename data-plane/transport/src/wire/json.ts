/** Values as JSON, with the coded error of whoever said something that JSON cannot. */
import { CantleError } from "@cantle/core";

/** A value as JSON text; empty for none. Throws `INPUT_INVALID` or `OUTPUT_INVALID` for cycles, bigints and the like. */
export function stringify(value: unknown, side: "input" | "output"): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch (cause) {
    throw new CantleError(side === "input" ? "INPUT_INVALID" : "OUTPUT_INVALID", "the value cannot be said as JSON", {
      cause,
    });
  }
}
