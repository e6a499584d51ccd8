import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkMigrations, inOrder, type Migrations, type Plan, planMigrations, type Recorded } from "./migrations.ts";

/** `a b! c` is three migrations, of which `b` has another text than elsewhere. */
const list = (text: string): Recorded[] =>
  text
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => ({ name: word.replace("!", ""), checksum: word.endsWith("!") ? "other" : "same" }));

const table: readonly [known: string, applied: string, plan: Plan][] = [
  ["", "", { kind: "ready" }],
  ["a b", "", { kind: "pending", names: ["a", "b"] }],
  ["a b c", "a b", { kind: "pending", names: ["c"] }],
  ["a b", "a b", { kind: "ready" }],
  ["a", "a b c", { kind: "missing", names: ["b", "c"] }],
  ["", "a", { kind: "missing", names: ["a"] }],
  ["a! b c!", "a b c", { kind: "changed", names: ["a", "c"] }],
  ["a!", "a b", { kind: "missing", names: ["b"] }],
  ["a b c d", "a c", { kind: "late", names: ["b"], after: "c" }],
  ["a b! c", "a b", { kind: "changed", names: ["b"] }],
];

for (const [known, applied, plan] of table) {
  test(`a program with [${known}] on a database with [${applied}]: ${plan.kind}`, () => {
    assert.deepEqual(planMigrations(list(known), list(applied)), plan);
  });
}

test("what is pending, added to what is applied, is what the program has: in order and ready", () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 8 });
  fc.assert(
    fc.property(names, fc.nat(8), (all, count) => {
      const known = inOrder(Object.fromEntries(all.map((name) => [name, `-- ${name}`])));
      const applied = known.slice(0, count);
      const plan = planMigrations(known, applied);
      const pending = plan.kind === "pending" ? plan.names : [];
      assert.deepEqual(
        [...applied.map(({ name }) => name), ...pending],
        known.map(({ name }) => name),
      );
      assert.deepEqual(planMigrations(known, known), { kind: "ready" });
    }),
  );
});

test("the order is that of the names as text, also where JavaScript would order keys as numbers", () => {
  const migrations = { "2": "b", "10": "c", "1-x": "a" };
  assert.deepEqual(
    inOrder(migrations).map(({ name }) => name),
    ["1-x", "10", "2"],
  );
});

test("only plain SQL has a checksum, and line endings are not part of it", () => {
  const [crlf, lf, other, up] = inOrder({ a: "x;\r\ny;", b: "x;\ny;", c: "x;\ny; ", d: { up: async () => {} } });
  assert.match(crlf!.checksum, /^[0-9a-f]{64}$/);
  assert.equal(crlf!.checksum, lf!.checksum);
  assert.notEqual(other!.checksum, lf!.checksum);
  assert.equal(up!.checksum, "");
});

test("numbers that text would put in another order are refused; dates after short numbers are not", () => {
  const refused = { code: "SERVICE_INVALID", place: "migrations.2-b" };
  assert.throws(() => checkMigrations({ "1-a": "", "2-b": "", "10-c": "" }), refused);
  checkMigrations({ "0001-a": "", "0002-b": "", "0010-c": "" });
  checkMigrations({ "0001-a": "", "20240131-b": "", names: "", others: "" });
});

for (const [what, value] of Object.entries({ nothing: undefined, null: null, number: 1, "no up": { down() {} } })) {
  test(`a migration that is ${what} is refused by its name`, () => {
    const migrations = { "0001-a": value } as unknown as Migrations;
    assert.throws(() => checkMigrations(migrations), { code: "SERVICE_INVALID", place: "migrations.0001-a" });
  });
}
