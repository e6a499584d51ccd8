import assert from "node:assert/strict";
import { test } from "node:test";
import { isCantleError, seededRandom } from "@cantle/core";
import { hashPassword, matches } from "./passwords.ts";

const random = seededRandom(1);

test("a password matches what was stored of it, and no other does", async () => {
  const stored = await hashPassword("correct horse", random);
  assert.equal(await matches("correct horse", stored), true);
  for (const wrong of ["correct horsf", "Correct horse", "correct horse ", ""]) {
    assert.equal(await matches(wrong, stored), false, JSON.stringify(wrong));
  }
});

test("what is stored says how it was made, and differs for the same password", async () => {
  const [one, two] = [await hashPassword("same", random), await hashPassword("same", random)];
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.notEqual(one, two);
});

test("a password stored with other parameters still matches", async () => {
  // The reference implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32, published with its source.
  const stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  assert.equal(await matches("password", stored), true);
  assert.equal(await matches("passwore", stored), false);
});

test("the two ways to write an accent are the same password", async () => {
  assert.equal(await matches("cafe\u0301-cafe", await hashPassword("caf\u00e9-cafe", random)), true);
});

test("nobody's password matches nothing", async () => {
  for (const password of ["", "password", "\0".repeat(32)]) assert.equal(await matches(password, undefined), false);
});

test("a damaged hash is said to be damaged, not to be wrong", async () => {
  for (const stored of [
    "",
    "plain",
    "$argon2i$v=19$m=19456,t=2,p=1$AAAA$AAAA",
    "$argon2id$v=19$m=19456,t=2,p=1$AAAA",
  ]) {
    await assert.rejects(matches("password", stored), (error) => isCantleError(error) && error.code === "DATA_DAMAGED");
  }
});
