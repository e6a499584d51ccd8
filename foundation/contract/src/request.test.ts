import assert from "node:assert/strict";
import { test } from "node:test";
import { isCantleError, type Operation } from "@cantle/core";
import fc from "fast-check";
import { z } from "zod";
import { contract } from "./contract.ts";
import { bytes, del, get, post, put } from "./draft.ts";
import { printJson } from "./json.ts";
import { payloadReader } from "./payload.ts";
import { inputInQuery, requestOf } from "./request.ts";
import type { Declared } from "./types.ts";

const Input = z.object({
  id: z.string(),
  number: z.number(),
  flag: z.boolean().optional(),
  text: z.string().optional(),
  note: z.string().nullable().optional(),
  mixed: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
  tags: z.array(z.string()).optional(),
  sizes: z.array(z.int()).optional(),
  filter: z.object({ min: z.number(), deep: z.object({ a: z.array(z.string()) }).optional() }).optional(),
  anything: z.unknown().optional(),
  "odd name&=#": z.string().optional(),
});
const things = contract("things", {
  version: "1.0.0",
  operations: {
    read: get("/things/{id}/{number}", { input: Input }),
    drop: del("/things/{id}/{number}", { input: Input }),
    make: post("/things/{id}/{number}", { input: Input }),
    file: put("/things/{id}/{number}", { input: Input, upload: bytes() }),
    ping: get("/", {}),
    poke: post("/poke", { input: z.object({ a: z.string().optional() }) }),
    any: get("/any", { input: z.record(z.string(), z.number()) }),
  },
});

/** What the serving side makes of a request: the path split at the template, percent-decoded; query and body as they are. */
function arrive(operation: Operation, input: unknown): unknown {
  const { path, query, body } = requestOf(operation, input);
  const segments = path.split("/");
  const params: Record<string, string> = {};
  for (const [at, name] of operation.path.split("/").entries()) {
    if (name.startsWith("{")) params[name.slice(1, -1)] = decodeURIComponent(segments[at] ?? "");
    else assert.equal(segments[at], name);
  }
  assert.equal(segments.length, operation.path.split("/").length);
  const read = payloadReader(operation, (operation as Declared).input as z.ZodType);
  return read({ kind: "http", params, query, bytes: printJson(body) });
}

const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)));
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("5", "null", "true", "[]", '"', "{}", "a+b&c=d", "%2e", "../.."),
);
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0 || 0);
const inputs = fc.record(
  {
    id: text.filter((id) => !["", ".", ".."].includes(id)),
    number,
    flag: fc.boolean(),
    text,
    note: fc.option(text),
    mixed: fc.oneof(text, number, fc.boolean(), fc.constant(null)),
    tags: fc.array(text),
    sizes: fc.array(fc.integer()),
    filter: fc.record(
      { min: number, deep: fc.record({ a: fc.array(text) }, { noNullPrototype: true }) },
      { requiredKeys: ["min"], noNullPrototype: true },
    ),
    anything: json,
    "odd name&=#": text,
  },
  { requiredKeys: ["id", "number"], noNullPrototype: true },
);

for (const operation of [
  things.operations.read,
  things.operations.drop,
  things.operations.make,
  things.operations.file,
]) {
  test(`${operation.name}: what the caller passes is what arrives`, () => {
    fc.assert(fc.property(inputs, (input) => assert.deepEqual(arrive(operation, input), input)));
  });
}

test("where the rest of the input goes", () => {
  const input = { id: "a/b c", number: 5, text: "x y", tags: ["1", "2"] };
  const path = "/things/a%2Fb%20c/5";
  const query = "text=x%20y&tags=1&tags=2";
  assert.deepEqual(requestOf(things.operations.read, input), { path, query, body: undefined });
  assert.deepEqual(requestOf(things.operations.file, input), { path, query, body: undefined });
  assert.deepEqual(requestOf(things.operations.make, input), {
    path,
    query: "",
    body: { text: "x y", tags: ["1", "2"] },
  });
  assert.deepEqual(requestOf(things.operations.ping, undefined), { path: "/", query: "", body: undefined });
});

test("an empty body is nothing, and undefined members are left out", () => {
  assert.deepEqual(requestOf(things.operations.poke, {}), { path: "/poke", query: "", body: undefined });
  assert.deepEqual(requestOf(things.operations.poke, { a: undefined }), { path: "/poke", query: "", body: undefined });
  assert.deepEqual(requestOf(things.operations.read, { id: "a", number: 1, flag: undefined }).query, "");
});

test("members of a record are what the record holds", () => {
  assert.deepEqual(arrive(things.operations.any, { a: 1, "b c": -2 }), { a: 1, "b c": -2 });
});

test("where the input is, by operation", () => {
  const answers = Object.values(things.operations).map((operation) => [operation.name, inputInQuery(operation)]);
  assert.deepEqual(Object.fromEntries(answers), {
    read: true,
    drop: true,
    make: false,
    file: true,
    ping: true,
    poke: false,
    any: true,
  });
});

const refused: [title: string, input: unknown][] = [
  ["an empty path parameter", { id: "", number: 1 }],
  ["a dot as a path parameter", { id: ".", number: 1 }],
  ["two dots as a path parameter", { id: "..", number: 1 }],
  ["a missing path parameter", { number: 1 }],
  ["an inherited path parameter", Object.create({ id: "a" })],
  ["half a surrogate pair in the path", { id: "\ud800", number: 1 }],
  ["half a surrogate pair in the query", { id: "a", number: 1, text: "\udc00" }],
  ["a bigint", { id: "a", number: 1, anything: 5n }],
  ["a number where only text fits", { id: "a", number: 1, text: 5 }],
  ["an object where only a number fits", { id: "a", number: { one: 1 } }],
  ["null where it does not fit", { id: "a", number: 1, tags: null }],
  ["an array for an object", []],
  ["null for an object", null],
];

for (const [title, input] of refused) {
  test(`${title} is INPUT_INVALID before anything is sent`, () => {
    assert.throws(
      () => requestOf(things.operations.read, input),
      (error) => isCantleError(error) && error.code === "INPUT_INVALID" && error.errors !== undefined,
    );
  });
}

test("to a server that is told which operation is meant, a path parameter may be any text", () => {
  for (const id of ["", ".", "..", "/"])
    assert.equal(
      requestOf(things.operations.read, { id, number: 1 }, "named").path,
      `/things/${encodeURIComponent(id)}/1`,
    );
  assert.throws(() => requestOf(things.operations.read, { number: 1 }, "named"));
});

test("what the contract does not know is sent as it is, since it is dropped or refused there", () => {
  assert.deepEqual(
    requestOf(things.operations.read, { id: "a", number: 1, stray: 5, other: null }).query,
    "stray=5&other=null",
  );
});
