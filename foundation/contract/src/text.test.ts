import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { jsonSchemaOf } from "./schema.ts";
import { kindsReader, readTexts, writeTexts } from "./text.ts";

const kindsOf = (member: z.ZodType) => kindsReader(jsonSchemaOf(z.object({ member }), "input", "test"))("member");
const json = fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value)));
const tricky = fc.oneof(
  fc.string(),
  fc.constantFrom("", "5", "-1e3", "true", "null", "[]", "{}", '"5"', '"', "[1", "{a"),
  json.map((value) => JSON.stringify(value)),
);
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0 || 0);

const members: [name: string, schema: z.ZodType, values: fc.Arbitrary<unknown>][] = [
  ["string", z.string(), tricky],
  ["number", z.number(), number],
  ["boolean", z.boolean(), fc.boolean()],
  ["literal", z.literal(["a", 1, null, true]), fc.constantFrom("a", 1, null, true)],
  ["enum", z.enum(["5", "x"]), fc.constantFrom("5", "x")],
  ["string or null", z.string().nullable(), fc.oneof(tricky, fc.constant(null))],
  ["string or number", z.union([z.string(), z.number()]), fc.oneof(tricky, number)],
  ["number or null", z.number().nullable(), fc.oneof(number, fc.constant(null))],
  ["strings", z.array(z.string()), fc.array(tricky)],
  ["numbers or null", z.array(z.number()).nullable(), fc.oneof(fc.array(number), fc.constant(null))],
  ["one or many", z.union([z.string(), z.array(z.string())]), fc.oneof(tricky, fc.array(tricky))],
  ["lists of lists", z.array(z.array(z.string())), fc.array(fc.array(tricky))],
  ["tuple", z.tuple([z.string(), z.number()]), fc.tuple(tricky, number)],
  ["object", z.object({ a: z.string() }), fc.record({ a: tricky }, { noNullPrototype: true })],
  ["objects", z.array(z.object({ a: z.string() })), fc.array(fc.record({ a: tricky }, { noNullPrototype: true }))],
  ["record", z.record(z.string(), z.number()), fc.constantFrom({}, { a: 1 }, { "": 2 })],
  ["anything", z.unknown(), json],
];

for (const [name, schema, values] of members) {
  test(`${name}: what is written is what is read`, () => {
    const kinds = kindsOf(schema);
    fc.assert(
      fc.property(values, (value) => {
        assert.deepEqual(readTexts(writeTexts(value, kinds), kinds), value);
      }),
    );
  });
}

const readings: [text: string[], schema: z.ZodType, value: unknown][] = [
  [["5"], z.string(), "5"],
  [["5"], z.int(), 5],
  [["05"], z.int(), "05"],
  [["0x5"], z.number(), "0x5"],
  [["Infinity"], z.number(), "Infinity"],
  [["1"], z.boolean(), "1"],
  [["a"], z.array(z.string()), ["a"]],
  [["a"], z.array(z.string()).nullable(), ["a"]],
  [["a", "b"], z.array(z.string()), ["a", "b"]],
  [["1", "x"], z.array(z.number()), [1, "x"]],
  [["[]"], z.array(z.number()), []],
  [["a", "b"], z.string(), ["a", "b"]],
  [["null"], z.string(), "null"],
  [["null"], z.string().nullable(), null],
  [['"null"'], z.string().nullable(), "null"],
  [["{broken"], z.object({}), "{broken"],
];

for (const [texts, schema, value] of readings) {
  test(`${JSON.stringify(texts)} read as ${JSON.stringify(jsonSchemaOf(schema, "input", ""))} is ${JSON.stringify(value)}`, () => {
    assert.deepEqual(readTexts(texts, kindsOf(schema)), value);
  });
}

test("what does not fit its schema does not turn into something that does", () => {
  for (const [value, schema] of [
    ["5", z.number()],
    [["5"], z.array(z.number())],
    ["true", z.boolean()],
  ] as const) {
    const kinds = kindsOf(schema);
    const read = readTexts(writeTexts(value, kinds), kinds);
    assert.equal(schema.safeParse(read).success, false, JSON.stringify(value));
  }
});

test("a member that branches of a union know differently may be any of them", () => {
  const schema = jsonSchemaOf(
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("a"), id: z.string() }),
      z.object({ kind: z.literal("b"), id: z.number() }),
    ]),
    "input",
    "",
  );
  assert.deepEqual([...kindsReader(schema)("id").types].sort(), ["number", "string"]);
});

test("inherited names are unknown names", () => {
  const schema = jsonSchemaOf(z.object({ a: z.number() }), "input", "");
  for (const name of ["constructor", "toString", "__proto__"])
    assert.deepEqual([...kindsReader(schema)(name).types], ["string"]);
});

test("a schema that refers to itself has an end", () => {
  interface Tree {
    readonly kids: Tree[];
  }
  const tree: z.ZodType<Tree> = z.object({ kids: z.array(z.lazy(() => tree)) });
  const kinds = kindsReader(jsonSchemaOf(tree, "input", ""))("kids");
  const value = [{ kids: [{ kids: [] }] }];
  assert.deepEqual(readTexts(writeTexts(value, kinds), kinds), value);
});
