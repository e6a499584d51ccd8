import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Connection } from "./connection.ts";

function open(t: TestContext, statementsMax = 256): Connection {
  const connection = new Connection(":memory:", { statementsMax });
  t.after(() => connection.close());
  return connection;
}

const rows = (connection: Connection, sql: string, ...parameters: unknown[]) =>
  connection.run({ sql, parameters }).rows;

test("foreign keys are on, and a schema calls no functions that reach outside", (t) => {
  const connection = open(t);
  assert.deepEqual(rows(connection, "pragma foreign_keys"), [{ foreign_keys: 1 }]);
  assert.deepEqual(rows(connection, "pragma trusted_schema"), [{ trusted_schema: 0 }]);
});

test("whole numbers stay whole, booleans are 1 and 0", (t) => {
  const connection = open(t);
  assert.deepEqual(rows(connection, "select typeof(?) a, typeof(?) b, typeof(?) c", 5, 0.5, true), [
    { a: "integer", b: "real", c: "integer" },
  ]);
  connection.exec("create table texts (text text)");
  connection.run({ sql: "insert into texts values (?)", parameters: [5] });
  assert.deepEqual(rows(connection, "select text from texts"), [{ text: "5" }]);
});

for (const [value, kind] of [
  [new Date(0), "Date"],
  [{ a: 1 }, "object"],
  [["a"], "object"],
  [undefined, "undefined"],
  [Symbol("a"), "symbol"],
] as const) {
  test(`a parameter that is ${kind} is refused by its position`, (t) => {
    const connection = open(t);
    assert.throws(() => rows(connection, "select ?, ?", 1, value), new RegExp(`parameter 2 of a query is ${kind}`));
    assert.throws(() => rows(connection, "select ?", value), new RegExp(`parameter 1 of a query is ${kind}`));
  });
}

test("a whole number too large for JavaScript is an error, never rounded", (t) => {
  const connection = open(t);
  assert.throws(() => rows(connection, "select ? as n", 2n ** 62n), { code: "ERR_OUT_OF_RANGE" });
});

test("a query with a second statement is refused before the first runs", (t) => {
  const connection = open(t);
  connection.exec("create table t (n integer)");
  const two = { sql: "insert into t values (1); drop table t", parameters: [] };
  assert.throws(() => connection.run(two), /more than one statement/);
  assert.throws(() => [...connection.iterate({ ...two, sql: "select 1; drop table t" })], /more than one statement/);
  assert.throws(
    () => connection.script({ sql: "insert into t values (?); drop table t", parameters: [1] }),
    /more than/,
  );
  assert.deepEqual(rows(connection, "select count(*) as n from t;\n ; "), [{ n: 0 }]);
});

test("statements beyond the cache are prepared anew and answer the same", (t) => {
  const connection = open(t, 2);
  for (let round = 0; round < 3; round++) {
    for (const n of [1, 2, 3, 4])
      assert.deepEqual(rows(connection, `select ${n} as n, ? as p`, round), [{ n, p: round }]);
  }
});

test("a cached `select *` follows a change of the table", (t) => {
  const connection = open(t);
  connection.exec("create table t (a integer); insert into t values (1)");
  assert.deepEqual(rows(connection, "select * from t"), [{ a: 1 }]);
  connection.exec("alter table t add column b integer default 2");
  assert.deepEqual(rows(connection, "select * from t"), [{ a: 1, b: 2 }]);
  connection.exec("alter table t rename column a to c");
  assert.deepEqual(rows(connection, "select * from t"), [{ c: 1, b: 2 }]);
});
