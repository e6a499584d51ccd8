import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "@cantle/contract";
import { CantleError, type Code } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import type { accounts } from "../accounts/contract.ts";
import { authorsOf } from "./authors.ts";

const piece = { author_id: "7", author_name: "ann-then" };

/** A client that can do nothing but answer for profiles. */
const here = (profiles: Client<typeof accounts>["profiles"]) => ({
  accounts: { profiles } as Client<typeof accounts>,
  log: silentLogger,
});

const failing = (code: Code) => here(() => Promise.reject(new CantleError(code, "no")));

test("authors of many pieces are asked for once, as the viewer sees them", async () => {
  const asked: unknown[] = [];
  const author = await authorsOf(
    [piece, piece],
    "9",
    here(async (input) => {
      asked.push(input);
      return { profiles: [{ id: "7", username: "ann-now", bio: "b", image: "i", following: true }] };
    }),
  );
  assert.deepEqual(asked, [{ ids: ["7"], viewer: "9" }]);
  assert.deepEqual(author(piece), { username: "ann-now", bio: "b", image: "i", following: true });
});

test("nobody is asked about nothing", async () => {
  await authorsOf([], undefined, failing("INTERNAL"));
});

test("while accounts does not answer, authors have the name they had when they wrote", async () => {
  for (const code of ["UNAVAILABLE", "DEADLINE_EXCEEDED", "OVERLOADED", "INTERNAL"] as const) {
    const author = await authorsOf([piece], undefined, failing(code));
    assert.deepEqual(author(piece), { username: "ann-then", bio: "", image: "", following: false }, code);
  }
});

test("a mistake of ours is not hidden", async () => {
  for (const code of ["PEER_REFUSED", "INPUT_INVALID", "CANCELLED"] as const) {
    await assert.rejects(authorsOf([piece], undefined, failing(code)), { code });
  }
});
