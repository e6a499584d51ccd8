import assert from "node:assert/strict";
import { test } from "node:test";
import type { CantleError, Payload } from "@cantle/core";
import { z } from "zod";
import { codecOf } from "./codec.ts";
import { contract } from "./contract.ts";
import { del, get, put } from "./draft.ts";
import type { Schema } from "./schema.ts";

const Item = z.object({
  id: z.int(),
  tags: z.array(z.string()).optional(),
  deep: z.unknown().optional(),
  n: z.number().nullable().default(0),
});
const things = contract("things", {
  version: "1.0.0",
  operations: {
    change: put("/things/{id}", {
      input: Item,
      output: Item,
      errors: { Gone: { status: 410, data: z.object({ at: z.string() }) } },
    }),
    find: get("/things/{id}", {
      input: z.object({
        id: z.int(),
        tag: z.array(z.string()).optional(),
        exact: z.boolean().optional(),
        page: z.int().default(1),
      }),
      output: z.string(),
    }),
    remove: del("/things", {}),
  },
});
const http = (id: string, query: string, body = ""): Payload => ({
  kind: "http",
  params: { id },
  query,
  bytes: new TextEncoder().encode(body),
});
const code = (expected: string) => (error: CantleError) => error.code === expected;

test("path, query and body become one coerced object", () => {
  assert.deepEqual(
    codecOf(things.operations.find).input(http("7", "tag=a&tag=b&exact=true&page=2&zzz=1&__proto__=x")),
    { id: 7, tag: ["a", "b"], exact: true, page: 2 },
  );
  assert.deepEqual(codecOf(things.operations.change).input(http("7", "", '{"tags":["x"]}')), {
    id: 7,
    tags: ["x"],
    n: 0,
  });
});

test("a body that contradicts the path is refused; one that repeats it is not", () => {
  assert.throws(
    () => codecOf(things.operations.change).input(http("7", "", '{"id":8}')),
    (error: CantleError) => error.code === "INPUT_INVALID" && "id" in (error.errors ?? {}),
  );
  assert.deepEqual(codecOf(things.operations.change).input(http("7", "", '{"id":7}')), { id: 7, n: 0 });
});

test("broken, deep and mistyped bodies are refused with their own codes", () => {
  const { input } = codecOf(things.operations.change);
  assert.throws(() => input(http("7", "", "{")), code("BODY_MALFORMED"));
  assert.throws(
    () => input(http("7", "", `{"deep":${"[".repeat(200_000)}${"]".repeat(200_000)}}`)),
    code("BODY_MALFORMED"),
  );
  assert.throws(() => input(http("7", "", "[]")), code("INPUT_INVALID"));
  assert.throws(() => input(http("seven", "", "{}")), code("INPUT_INVALID"));
  assert.throws(() => input({ kind: "bytes", bytes: new Uint8Array([0x22, 0xff, 0x22]) }), code("BODY_MALFORMED"));
});

test("a member called __proto__ is data that is dropped, and no prototype is touched", () => {
  assert.deepEqual(
    codecOf(things.operations.change).input(http("7", "", '{"__proto__":{"x":1},"constructor":{"prototype":{"y":1}}}')),
    { id: 7, n: 0 },
  );
  assert.equal(({} as Record<string, unknown>)["x"], undefined);
});

test("values are copied as JSON would copy them, all the way down", () => {
  const given = { id: -0, tags: ["a"], deep: { list: [1], at: new Date(0), gone: undefined }, n: null };
  const taken = codecOf(things.operations.change).input({ kind: "value", value: given }) as typeof given;
  assert.deepStrictEqual(taken, { id: 0, tags: ["a"], deep: { list: [1], at: "1970-01-01T00:00:00.000Z" }, n: null });
  taken.deep.list.push(2);
  assert.deepEqual(given.deep.list, [1]);
  assert.deepStrictEqual(
    codecOf(things.operations.change).input({ kind: "value", value: { id: 1, tags: undefined } }),
    { id: 1, n: 0 },
  );
});

const loose = contract("loose", {
  version: "1.0.0",
  operations: {
    keep: put("/keep", {
      input: z.object({
        level: z.number().nullable().optional(),
        gaps: z.array(z.string().optional()).optional(),
        any: z.array(z.unknown()).optional(),
        either: z
          .union([z.object({ a: z.unknown() }), z.object({ b: z.string(), c: z.string().optional() })])
          .optional(),
      }),
      output: z.object({ any: z.unknown(), gaps: z.array(z.string().optional()).optional() }),
    }),
    must: put("/must", { input: z.object({ any: z.unknown() }) }),
  },
});

test("a value that did not travel is held to what JSON makes of it", () => {
  const keep = (value: unknown) => codecOf(loose.operations.keep).input({ kind: "value", value });
  assert.deepStrictEqual(keep({ level: Number.NaN }), { level: null });
  assert.deepStrictEqual(keep({ any: [undefined, new Date(0)] }), { any: [null, "1970-01-01T00:00:00.000Z"] });
  assert.deepStrictEqual(keep({ either: { b: "b", c: undefined } }), { either: { b: "b" } });
  for (const [value, path] of [
    [{ level: "x" }, "level"],
    [{ gaps: ["a", undefined] }, "gaps.1"],
    [null, "input"],
  ] as const)
    assert.throws(
      () => keep(value),
      (error: CantleError) => code("INPUT_INVALID")(error) && Object.keys(error.errors ?? {}).join() === path,
    );
  assert.throws(() => keep({ either: { a: undefined } }), code("INPUT_INVALID"));
  assert.throws(
    () => codecOf(loose.operations.must).input({ kind: "value", value: { any: undefined } }),
    code("INPUT_INVALID"),
  );
  assert.throws(() => keep({ level: 1n }), { code: "INPUT_INVALID", message: "the value cannot be said as JSON" });
});

test("on the way out undefined is nothing in an object and null in an array", () => {
  assert.deepStrictEqual(codecOf(loose.operations.keep).output({ any: undefined, gaps: ["a", undefined] }), {
    gaps: ["a", null],
  });
});

test("what no URL can say is refused where there is no URL too", () => {
  const { input } = codecOf(things.operations.find);
  for (const value of [{ id: 1, "\ud800": 1 }, {}])
    assert.throws(() => input({ kind: "value", value }), code("INPUT_INVALID"));
  assert.deepStrictEqual(input({ kind: "value", value: { id: 1, tag: ["\ud800"] } }), {
    id: 1,
    tag: ["\ud800"],
    page: 1,
  });
});

test("stray members never leave, and a wrong output is the service's fault", () => {
  assert.deepEqual(codecOf(things.operations.change).output({ id: 1, n: 1, passwordHash: "x" }), { id: 1, n: 1 });
  assert.throws(() => codecOf(things.operations.change).output({ id: "1" }), code("OUTPUT_INVALID"));
  assert.throws(() => codecOf(things.operations.change).output({ id: 1, n: 1, deep: 1n }), code("OUTPUT_INVALID"));
});

test("a schema library that neither copies nor strips gets both done", () => {
  const shape = {
    type: "object",
    properties: {
      name: { type: "string" },
      list: { type: "array", items: { type: "object", properties: { a: { type: "integer" } }, required: ["a"] } },
    },
    required: ["name"],
  };
  const lax: Schema = {
    "~standard": {
      version: 1,
      vendor: "lax",
      validate: (value) => ({ value }),
      jsonSchema: { input: () => shape, output: () => shape },
    },
  };
  const loose = contract("loose", {
    version: "1.0.0",
    operations: { keep: put("/keep", { input: lax, output: lax }) },
  });
  const given = { name: "n", list: [{ a: 1, b: 2 }], more: true };
  const taken = codecOf(loose.operations.keep).input({ kind: "value", value: given }) as typeof given;
  assert.deepEqual(taken, { name: "n", list: [{ a: 1 }] });
  assert.notEqual(taken.list, given.list);
});
