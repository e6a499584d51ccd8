import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { coerce } from "./coerce.ts";

const coerced = (text: string, schema: z.ZodType) => {
  const root = z.toJSONSchema(schema, { io: "input" }) as Record<string, unknown>;
  return coerce(text, { schema: root, root });
};

const table: readonly [string, z.ZodType, unknown][] = [
  ["5", z.number(), 5],
  ["-1.5e3", z.number(), -1500],
  ["5", z.string(), "5"],
  ["true", z.string(), "true"],
  ["1", z.boolean(), true],
  ["false", z.boolean(), false],
  ["5", z.union([z.string(), z.number()]), 5],
  ["five", z.union([z.string(), z.number()]), "five"],
  ["null", z.number().nullable(), null],
  ["b", z.enum(["a", "b"]), "b"],
  ["2", z.literal([1, 2]), 2],
  ["a, b,c", z.array(z.string()), ["a", "b", "c"]],
  ["1,2", z.array(z.number()), [1, 2]],
  ["[1, 2]", z.array(z.number()), [1, 2]],
  ["", z.array(z.string()), []],
  ['{"a":1}', z.object({ a: z.number() }), { a: 1 }],
  ["anything", z.any(), "anything"],
  ["5", z.number().default(3), 5],
];

for (const [text, schema, value] of table) {
  test(`'${text}' where ${JSON.stringify(z.toJSONSchema(schema, { io: "input" }))} is wanted`, () => {
    assert.deepEqual(coerced(text, schema), { value });
  });
}

const wrong: readonly [string, z.ZodType, string][] = [
  ["", z.number(), "is not a number"],
  ["0x10", z.number(), "is not a number"],
  ["Infinity", z.number(), "is not a number"],
  ["5 apples", z.int(), "is not a whole number"],
  ["yes", z.boolean(), "is not true or false"],
  ["{", z.object({}), "is not a JSON object"],
  ["[1]", z.object({}), "is not a JSON object"],
  ["[1", z.array(z.number()), "is not a JSON array"],
  ["1,x", z.array(z.number()), "has an item that is not a number"],
  ["a,b", z.array(z.object({ id: z.string() })), "is not a JSON array"],
];

for (const [text, schema, mistake] of wrong) {
  test(`'${text}' ${mistake}`, () => assert.deepEqual(coerced(text, schema), { mistake }));
}

test("what a number is written as reads back as the same number", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      assert.equal(coerced(String(number), z.number()).value, Number(String(number)));
    }),
  );
});

test("a mistake never repeats the text", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Z]{9,20}$/), (text) => {
      for (const schema of [z.number(), z.boolean(), z.object({}), z.array(z.number())])
        assert.ok(!coerced(text, schema).mistake?.includes(text));
    }),
  );
});
