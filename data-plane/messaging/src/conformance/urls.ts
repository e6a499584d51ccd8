/** What an engine's reader of URLs must do with what is none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCantleError } from "@cantle/core";

const secret = "s3cret";

/** Registers a test: each of these is refused with `CONFIG_INVALID`, and the password in it, `s3cret`, is nowhere in what is said. */
export function refusesUrls(read: (url: string) => unknown, wrong: readonly string[]): void {
  test("what cannot be one is refused without a word of it", () => {
    for (const url of wrong) assert.throws(() => read(url), isDiscreet, url);
  });
}

function isDiscreet(error: unknown): boolean {
  if (!isCantleError(error) || error.code !== "CONFIG_INVALID") return false;
  return !`${error.message} ${error.help} ${error.notes}`.includes(secret);
}
