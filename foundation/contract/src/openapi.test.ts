import assert from "node:assert/strict";
import { test } from "node:test";
import { isCantleError } from "@cantle/core";
import { z } from "zod";
import { contract } from "./contract.ts";
import { bytes, del, get, post, put } from "./draft.ts";
import { openapi } from "./openapi.ts";
import type { JsonSchema } from "./schema.ts";
import type { ContractSpec } from "./types.ts";

const about = { title: "Test", version: "1.0.0" };
const of = (operations: ContractSpec["operations"], options = {}) =>
  openapi([contract("things", { version: "1.0.0", operations })], { ...about, ...options });
/** The one operation of a document with one. */
const only = (draft: ContractSpec["operations"][string], options = {}): any =>
  Object.values(Object.values(of({ only: draft }, options).paths)[0] ?? {})[0];
const ById = z.object({ id: z.string() });

test("a GET says its input as path and query parameters", () => {
  const { parameters, requestBody } = only(
    get("/things/{id}", {
      access: "public",
      input: ById.extend({
        max: z.int().min(1).max(9).default(5).describe("How many."),
        tags: z.array(z.string()),
        where: z.object({ a: z.string() }),
      }),
    }),
  );
  assert.equal(requestBody, undefined);
  assert.deepEqual(parameters, [
    { name: "id", in: "path", required: true, schema: { type: "string" } },
    {
      name: "max",
      in: "query",
      required: false,
      description: "How many.",
      schema: { type: "integer", minimum: 1, maximum: 9, default: 5 },
    },
    {
      name: "tags",
      in: "query",
      required: true,
      style: "form",
      explode: true,
      schema: { type: "array", items: { type: "string" } },
    },
    {
      name: "where",
      in: "query",
      required: true,
      content: {
        "application/json": { schema: { type: "object", properties: { a: { type: "string" } }, required: ["a"] } },
      },
    },
  ]);
});

test("a POST says the rest of its input as a JSON body, required where a member is", () => {
  const Input = ById.extend({ text: z.string(), more: z.string().optional() });
  const { parameters, requestBody } = only(post("/things/{id}", { access: "public", input: Input }));
  assert.deepEqual(
    parameters.map(({ name, in: where }: JsonSchema) => [name, where]),
    [["id", "path"]],
  );
  assert.deepEqual(requestBody, {
    required: true,
    content: {
      "application/json": {
        schema: {
          type: "object",
          properties: { text: { type: "string" }, more: { type: "string" } },
          required: ["text"],
        },
      },
    },
  });
  assert.equal(
    only(post("/things/{id}", { access: "public", input: Input.partial({ text: true }) })).requestBody.required,
    false,
  );
  assert.equal(only(post("/things/{id}", { access: "public", input: ById })).requestBody, undefined);
});

test("path parameters are taken out of every branch of a body", () => {
  const input = z.union([ById.extend({ a: z.string() }), ById.extend({ b: z.string() }).meta({ id: "B" })]);
  const { requestBody } = only(post("/things/{id}", { access: "public", input }));
  assert.deepEqual(
    requestBody.content["application/json"].schema.anyOf.map(({ properties, required }: any) => [
      Object.keys(properties),
      required,
    ]),
    [
      [["a"], ["a"]],
      [["b"], ["b"]],
    ],
  );
});

test("an upload's body is its media types, its input all parameters", () => {
  const { parameters, requestBody } = only(
    put("/things/{id}", {
      access: "user",
      input: ById.extend({ page: z.int().optional() }),
      upload: bytes({ types: ["image/png"], maxBytes: 9 }),
    }),
  );
  assert.deepEqual(
    parameters.map(({ name, in: where }: JsonSchema) => [name, where]),
    [
      ["id", "path"],
      ["page", "query"],
    ],
  );
  assert.deepEqual([requestBody.required, requestBody.content], [true, { "image/png": {} }]);
});

test("a success is the output, items, bytes, or nothing, at its status", () => {
  const content = (draft: ContractSpec["operations"][string], status: number) => only(draft).responses[status].content;
  assert.deepEqual(content(post("/a", { access: "public", output: ById, status: 201 }), 201), {
    "application/json": { schema: { type: "object", properties: { id: { type: "string" } }, required: ["id"] } },
  });
  assert.deepEqual(Object.keys(content(get("/a", { access: "public", stream: ById }), 200)), ["text/event-stream"]);
  assert.deepEqual(content(get("/a", { access: "public", download: bytes({ types: ["image/png"] }) }), 200), {
    "image/png": {},
  });
  assert.equal(content(del("/a", { access: "public" }), 204), undefined);
});

test("declared failures of one status are one response, told apart by code", () => {
  const { responses } = only(
    post("/a", {
      access: "public",
      input: ById,
      errors: {
        Taken: { status: 409, data: ById, description: "It is." },
        Busy: { status: 409 },
        Odd: { status: 422 },
      },
    }),
  );
  const told = (status: number) => {
    const { schema } = responses[status].content["application/problem+json"];
    return (schema.oneOf ?? [schema]).map(({ allOf: [, { properties, required }] }: any) => [
      properties.code.const,
      required,
    ]);
  };
  assert.deepEqual(told(409), [
    ["Taken", ["code", "data"]],
    ["Busy", ["code"]],
  ]);
  assert.deepEqual(told(422), [
    ["Odd", ["code"]],
    ["INPUT_INVALID", ["code"]],
  ]);
});

const access = [
  ["public", undefined, ["204", "400", "default"], []],
  ["user", undefined, ["204", "400", "401", "default"], [{ bearer: [] }]],
  [{ roles: ["a", "b"] }, ById, ["204", "400", "401", "403", "422", "default"], [{ bearer: ["a"] }, { bearer: ["b"] }]],
] as const;
for (const [who, input, statuses, security] of access) {
  test(`what a call may meet where access is ${JSON.stringify(who)}${input ? ", with an input" : ""}`, () => {
    const operation = only(post("/a", { access: who, ...(input && { input }) }));
    assert.deepEqual([Object.keys(operation.responses), operation.security], [statuses, security]);
  });
}

test("internal operations are only shown to who asks for all", () => {
  const operations = { inside: get("/inside", {}), outside: get("/outside", { access: "public" }) };
  assert.deepEqual(Object.keys(of(operations).paths), ["/outside"]);
  const all = of(operations, { access: "all" }).paths;
  assert.deepEqual(Object.keys(all), ["/inside", "/outside"]);
  assert.deepEqual([all["/inside"]?.get?.["x-internal"], all["/outside"]?.get?.["x-internal"]], [true, undefined]);
});

test("what people are told: id, tag, summary, description, deprecation, objective", () => {
  const slo = { availability: 0.99 };
  const {
    operationId,
    tags,
    summary,
    description,
    deprecated,
    "x-slo": told,
  } = only(get("/a", { access: "public", summary: "S", description: "D", deprecated: true, slo }));
  assert.deepEqual(
    [operationId, tags, summary, description, deprecated, told],
    ["things.only", ["things"], "S", "D", true, slo],
  );
  const plain = Object.values(of({ readAllThings: get("/a", { access: "public" }) }).paths)[0]?.get;
  assert.deepEqual([plain?.summary, plain?.deprecated, plain?.["x-slo"]], ["Read all things", undefined, undefined]);
});

test("definitions become components once, and again only where they differ", () => {
  const Thing = z.object({ id: z.string(), size: z.number().default(1) }).meta({ id: "Thing" });
  const Other = z.object({ no: z.boolean() }).meta({ id: "Thing/Other 2" });
  const { components, paths } = of({
    a: post("/a", {
      access: "public",
      input: z.object({ thing: Thing, other: Other }),
      output: z.object({ things: z.array(Thing) }),
    }),
    b: post("/b", { access: "public", input: Thing, output: Thing }),
  });
  assert.deepEqual(Object.keys(components.schemas ?? {}), ["Problem", "Thing", "ThingOutput", "Thing_Other_2"]);
  const body = paths["/b"]?.post?.requestBody as any;
  assert.deepEqual(body.content["application/json"].schema, { $ref: "#/components/schemas/Thing" });
});

test("a definition called Problem does not take the place of ours", () => {
  const { components } = of({
    a: get("/a", { access: "public", output: z.object({ mine: z.boolean() }).meta({ id: "Problem" }) }),
  });
  assert.deepEqual(Object.keys(components.schemas ?? {}), ["Problem", "ProblemOutput"]);
  assert.ok("code" in ((components.schemas?.Problem?.properties ?? {}) as object));
});

test("a schema that refers to itself is a component that refers to itself, everywhere the same one", () => {
  interface Tree {
    readonly kids: readonly Tree[];
  }
  const Tree: z.ZodType<Tree> = z.object({ kids: z.array(z.lazy(() => Tree)) });
  const { components, paths } = of({
    a: get("/a", { access: "public", output: Tree }),
    b: post("/b", { access: "public", input: Tree, stream: Tree }),
  });
  const name = "things.a.output";
  assert.deepEqual(Object.keys(components.schemas ?? {}), ["Problem", name]);
  assert.deepEqual(components.schemas?.[name], {
    type: "object",
    properties: { kids: { type: "array", items: { $ref: `#/components/schemas/${name}` } } },
    required: ["kids"],
  });
  assert.equal(JSON.stringify(paths).split(`"#/components/schemas/${name}"`).length - 1, 3);
});

test("what looks like a schema inside data is left alone", () => {
  const { responses } = only(
    get("/a", {
      access: "public",
      output: z.object({ a: z.object({ additionalProperties: z.boolean() }).default({ additionalProperties: false }) }),
    }),
  );
  assert.deepEqual(responses[200].content["application/json"].schema.properties.a.default, {
    additionalProperties: false,
  });
});

test("members of a record are parameters of any name, and never hide a declared one", () => {
  const { parameters } = only(
    get("/a", { access: "public", input: z.object({ others: z.string() }).catchall(z.number()) }),
  );
  assert.deepEqual(
    parameters.map(({ name, schema }: any) => [name, schema.type]),
    [
      ["others", "string"],
      ["others_", "object"],
    ],
  );
});

test("paths that differ only in names are one path, and a prefix is before all", () => {
  const { paths } = of(
    {
      read: get("/things/{id}", { access: "public", input: ById }),
      drop: del("/things/{thing}", { access: "public", input: z.object({ thing: z.string(), id: z.string() }) }),
      root: get("/", { access: "public" }),
    },
    { prefix: "/api/" },
  );
  assert.deepEqual(Object.keys(paths), ["/api/things/{id}", "/api"]);
  assert.deepEqual(
    ((paths["/api/things/{id}"]?.delete?.parameters ?? []) as any[]).map(({ name, in: where }) => [name, where]),
    [
      ["id", "path"],
      ["id", "query"],
    ],
  );
});

test("two operations of different contracts at one place are refused", () => {
  const one = contract("one", {
    version: "1.0.0",
    operations: { a: get("/x/{id}", { access: "public", input: ById }) },
  });
  const two = contract("two", {
    version: "1.0.0",
    operations: { b: get("/x/{name}", { access: "public", input: z.object({ name: z.string() }) }) },
  });
  assert.throws(
    () => openapi([one, two], about),
    (error) =>
      isCantleError(error) &&
      error.code === "CONTRACT_INVALID" &&
      /two\.b.*one\.a/.test(error.message) &&
      error.help !== undefined,
  );
});

test("versions of one contract side by side have names of their own", () => {
  const at = (version: string, path: string) =>
    contract("things", { version, operations: { read: get(path, { access: "public" }) } });
  const { paths, tags } = openapi([at("1.2.0", "/v1/things"), at("2.0.0", "/v2/things")], about);
  assert.deepEqual(
    tags.map(({ name }) => name),
    ["things-v1", "things-v2"],
  );
  assert.deepEqual(
    Object.values(paths).map((item) => item.get?.operationId),
    ["things-v1.read", "things-v2.read"],
  );
});

test("a prefix begins with a slash", () => {
  assert.throws(
    () => of({}, { prefix: "api" }),
    (error) => isCantleError(error) && error.code === "CONTRACT_INVALID",
  );
});
