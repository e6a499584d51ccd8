import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CantleError, isCantleError } from "@cantle/core";
import { z } from "zod";
import { contract } from "./contract.ts";
import { bytes, del, get, patch, post, put } from "./draft.ts";
import type { JsonSchema, Schema } from "./schema.ts";

/** Contracts as somebody without the compiler writes them. */
const loosely = contract as (name: string, spec: unknown) => unknown;
const declare = (operations: Record<string, unknown>) => loosely("things", { version: "1.0.0", operations });
const ById = z.object({ id: z.string() });

function refusal(make: () => unknown): CantleError {
  try {
    make();
  } catch (error) {
    assert.ok(isCantleError(error), String(error));
    return error;
  }
  return assert.fail("it was not refused");
}

/** Refused, and its place and help tell what to do where. */
function refuses(title: string, make: () => unknown, { place, message }: { place: string; message?: RegExp }) {
  test(title, () => {
    const error = refusal(make);
    assert.equal(error.code, "CONTRACT_INVALID", error.message);
    assert.equal(error.place, place);
    assert.ok(error.help, "there is no help");
    if (message !== undefined) assert.match(error.message, message);
  });
}

describe("data that JSON cannot say", () => {
  const unsayable: Record<string, z.ZodType> = {
    "a Date": z.object({ at: z.date() }),
    "a bigint": z.object({ size: z.bigint() }),
    undefined: z.object({ none: z.undefined() }),
    "a map": z.object({ map: z.map(z.string(), z.string()) }),
    "a set": z.object({ set: z.set(z.string()) }),
    "a symbol": z.object({ symbol: z.symbol() }),
    NaN: z.object({ nan: z.nan() }),
    "a class": z.object({ url: z.instanceof(URL) }),
    "a Date deep inside": z.object({ list: z.array(z.record(z.string(), z.union([z.string(), z.date()]))) }),
  };
  for (const [title, schema] of Object.entries(unsayable)) {
    refuses(`${title} in an input`, () => declare({ a: post("/a", { input: schema }) }), {
      place: 'contract("things").operations.a.input',
      message: /JSON/,
    });
    refuses(`${title} in an output`, () => declare({ a: post("/a", { output: schema }) }), {
      place: 'contract("things").operations.a.output',
    });
    refuses(`${title} in a stream`, () => declare({ a: get("/a", { stream: schema }) }), {
      place: 'contract("things").operations.a.stream',
    });
    refuses(
      `${title} in the data of a failure`,
      () => declare({ a: get("/a", { errors: { No: { status: 409, data: schema } } }) }),
      { place: 'contract("things").operations.a.errors.No.data' },
    );
  }

  const transformed = z.object({ size: z.string().transform((text) => text.length) });
  refuses("a bare transform of the input", () => declare({ a: post("/a", { input: transformed }) }), {
    place: 'contract("things").operations.a.input',
  });
  refuses("a bare transform of the output", () => declare({ a: post("/a", { output: transformed }) }), {
    place: 'contract("things").operations.a.output',
  });

  test("a transform that says what it becomes is data", () => {
    declare({
      a: post("/a", {
        input: z.object({ size: z.string().transform(Number).pipe(z.number()) }),
        output: z.iso.datetime(),
      }),
    });
  });
});

describe("names", () => {
  const bad = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "",
    "a b",
    "1a",
    "-a",
    "a-",
    "a--b",
    "a.b",
    "ä",
    "a\n",
    "a".repeat(65),
  ];
  for (const name of bad) {
    refuses(`${JSON.stringify(name)} for a contract`, () => loosely(name, { version: "1.0.0", operations: {} }), {
      place: `contract(${JSON.stringify(name)})`,
    });
    refuses(`${JSON.stringify(name)} for an operation`, () => declare({ [name]: get("/a", {}) }), {
      place: `contract("things").operations.${name}`,
      message: /is not a name/,
    });
    refuses(
      `${JSON.stringify(name)} for a failure`,
      () => declare({ a: get("/a", { errors: { [name]: { status: 409 } } }) }),
      { place: 'contract("things").operations.a.errors' },
    );
  }
  refuses(
    "a code of Cantle's own for a failure",
    () => declare({ a: get("/a", { errors: { FORBIDDEN: { status: 403 } } }) }),
    { place: 'contract("things").operations.a.errors' },
  );

  test("letters, digits and inner dashes are names", () => {
    for (const name of ["a", "A1", "two-words", "a-1-b", "a".repeat(64)])
      loosely(name, { version: "1.0.0", operations: { [name]: get("/", {}) } });
  });
});

describe("versions", () => {
  for (const version of ["", "1", "1.0", "01.0.0", "v1.0.0", "1.0.0 ", "1.0.0+x", undefined]) {
    refuses(String(version), () => loosely("things", { version, operations: {} }), {
      place: 'contract("things").version',
    });
  }
});

describe("paths", () => {
  for (const path of [
    "",
    "a",
    "/a/",
    "//",
    "/a//b",
    "/a?b",
    "/a#b",
    "/a b",
    "/a%20b",
    "/{id}x",
    "/x{id}",
    "/{}",
    "/{a-b}",
    "/{id}{name}",
    "/..",
    "/a/../b",
    "/.",
    "/*",
    "/a\n",
  ]) {
    refuses(JSON.stringify(path), () => declare({ a: get(path as "/a", {}) }), {
      place: 'contract("things").operations.a',
      message: /is not a path template/,
    });
  }
  refuses("one parameter twice", () => declare({ a: get("/{id}/{id}", { input: ById }) }), {
    place: 'contract("things").operations.a',
    message: /twice/,
  });
  refuses("a parameter that the input lacks", () => declare({ a: (get as any)("/{id}/{name}", { input: ById }) }), {
    place: 'contract("things").operations.a',
    message: /'name'/,
  });
  refuses("a parameter without any input", () => declare({ a: (get as any)("/{id}", {}) }), {
    place: 'contract("things").operations.a',
    message: /'id'/,
  });
  refuses(
    "two operations at one",
    () =>
      declare({ a: get("/x/{id}", { input: ById }), b: get("/x/{name}", { input: z.object({ name: z.string() }) }) }),
    { place: 'contract("things").operations.b', message: /'b' and 'a'/ },
  );

  test("one path may have several methods, and parameters that branches and references know", () => {
    const tree: z.ZodType = z.lazy(() => z.object({ id: z.string(), kids: z.array(tree).optional() }));
    declare({
      a: get("/x/{id}", { input: ById }),
      b: put("/x/{id}", { input: z.union([ById, ById.extend({ more: z.string() })]) }),
      c: patch("/x/{id}", { input: ById.and(z.object({ more: z.string() })) }),
      d: del("/x/{id}", { input: ById.meta({ id: "ById" }) }),
      e: (post as any)("/x/{id}", { input: tree }),
      f: get("/.well-known/~a_b-c", {}),
    });
  });
});

describe("options", () => {
  const a = 'contract("things").operations.a';
  refuses(
    "an unknown one of a contract",
    () => loosely("things", { version: "1.0.0", operations: {}, operation: {} }),
    { place: 'contract("things")', message: /'operation'/ },
  );
  refuses("an unknown one of an operation", () => declare({ a: (get as any)("/a", { acces: "public" }) }), {
    place: a,
    message: /'acces'/,
  });
  for (const made of [undefined, null, {}, { method: "HEAD", path: "/a" }, { method: "GET" }, "GET /a"]) {
    refuses(`${JSON.stringify(made)} for an operation`, () => declare({ a: made }), { place: a });
  }
  for (const access of ["everybody", {}, { roles: [] }, { roles: "admin" }, { roles: [1] }, { roles: [""] }, true]) {
    refuses(`${JSON.stringify(access)} for access`, () => declare({ a: get("/a", { access: access as "user" }) }), {
      place: `${a}.access`,
    });
  }
  for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "5" as unknown as number]) {
    refuses(`${value} for timeoutMs`, () => declare({ a: get("/a", { timeoutMs: value }) }), {
      place: `${a}.timeoutMs`,
    });
    refuses(`${value} for bodyBytesMax`, () => declare({ a: get("/a", { bodyBytesMax: value }) }), {
      place: `${a}.bodyBytesMax`,
    });
    refuses(
      `${value} for the bytes of an upload`,
      () => declare({ a: put("/a", { upload: bytes({ maxBytes: value }) }) }),
      { place: `${a}.upload.maxBytes` },
    );
    refuses(
      `${value} for the bytes of a download`,
      () => declare({ a: get("/a", { download: bytes({ maxBytes: value }) }) }),
      { place: `${a}.download.maxBytes` },
    );
  }
  for (const type of ["png", "image/", "image/png; a=b", "a b/c", "*/png", ""]) {
    refuses(`'${type}' for a media type`, () => declare({ a: get("/a", { download: bytes({ types: [type] }) }) }), {
      place: `${a}.download.types`,
    });
  }
  for (const status of [99, 199, 300, 404, 200.5, "200"]) {
    refuses(`${status} for the status of a success`, () => declare({ a: get("/a", { status: status as number }) }), {
      place: `${a}.status`,
    });
  }
  for (const status of [204, 205])
    refuses(`an output at ${status}`, () => declare({ a: get("/a", { status, output: ById }) }), {
      place: `${a}.status`,
      message: /no content/,
    });
  for (const status of [200, 399, 600, 404.5, Number.NaN]) {
    refuses(`${status} for the status of a failure`, () => declare({ a: get("/a", { errors: { No: { status } } }) }), {
      place: `${a}.errors.No`,
    });
  }
});

describe("shapes", () => {
  const a = 'contract("things").operations.a';
  const draft = get as any;
  refuses("an output and a stream", () => declare({ a: draft("/a", { output: ById, stream: ById }) }), {
    place: a,
    message: /not two of them/,
  });
  refuses("an output and a download", () => declare({ a: draft("/a", { output: ById, download: bytes() }) }), {
    place: a,
  });
  refuses("a stream and a download", () => declare({ a: draft("/a", { stream: ById, download: bytes() }) }), {
    place: a,
  });
  refuses("an upload and a stream", () => declare({ a: post("/a", { upload: bytes(), stream: ById }) }), { place: a });
  refuses("an upload by GET", () => declare({ a: get("/a", { upload: bytes() }) }), { place: a, message: /no body/ });
  refuses(
    "an upload that bytes() did not make",
    () => declare({ a: post("/a", { upload: { maxBytes: 5 } as never }) }),
    { place: `${a}.upload` },
  );
  for (const [title, input] of Object.entries({
    "a list": z.array(ById),
    "a string": z.string(),
    "one or nothing": ById.nullable(),
    "an object or a list": z.union([ById, z.array(ById)]),
    anything: z.unknown(),
  })) {
    refuses(`${title} for an input`, () => declare({ a: post("/a", { input }) }), {
      place: `${a}.input`,
      message: /one object/,
    });
  }
  for (const schema of [{}, null, "z.string()", { type: "object" }]) {
    for (const option of ["input", "output", "stream"])
      refuses(`${JSON.stringify(schema)} for ${option}`, () => declare({ a: post("/a", { [option]: schema } as {}) }), {
        place: `${a}.${option}`,
        message: /not a schema/,
      });
    refuses(
      `${JSON.stringify(schema)} for the data of a failure`,
      () => declare({ a: post("/a", { errors: { No: { status: 409, data: schema as never } } }) }),
      { place: `${a}.errors.No.data` },
    );
  }
});

test("what is not said has the default of its method and shape", () => {
  const { operations } = contract("things", {
    version: "1.2.3",
    operations: {
      read: get("/a", { output: ById }),
      make: post("/a", {}),
      set: put("/a", { upload: bytes() }),
      watch: get("/watch", { stream: ById }),
      drop: del("/a", {}),
      save: get("/save", { download: bytes() }),
      change: patch("/a", { idempotent: true, status: 202 }),
    },
  });
  const facts = Object.values(operations).map(
    ({ name, service, version, shape, status, idempotent, uploadBytesMax }) => [
      `${service}.${name}@${version}`,
      shape,
      status,
      idempotent,
      uploadBytesMax,
    ],
  );
  assert.deepEqual(facts, [
    ["things.read@1.2.3", "value", 200, true, 0],
    ["things.make@1.2.3", "value", 204, false, 0],
    ["things.set@1.2.3", "upload", 204, true, 10 * 1024 * 1024],
    ["things.watch@1.2.3", "stream", 200, true, 0],
    ["things.drop@1.2.3", "value", 204, true, 0],
    ["things.save@1.2.3", "download", 200, true, 0],
    ["things.change@1.2.3", "value", 202, true, 0],
  ]);
  assert.deepEqual(
    [operations.read.timeoutMs, operations.read.bodyBytesMax, operations.read.deprecated, "access" in operations.read],
    [10_000, 1024 * 1024, false, false],
  );
});

test("a contract is frozen through and through, and apart from what it was written with", () => {
  const roles = ["admin"];
  const errors = { No: { status: 409 } };
  const slo = { availability: 0.9, latency: { ms: 1, target: 0.9 } };
  const things = contract("things", {
    version: "1.0.0",
    operations: { a: get("/a", { access: { roles }, errors, slo }) },
  });
  const frozen = (value: unknown): boolean =>
    typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
  assert.ok(frozen(things));
  roles.push("everybody");
  errors.No.status = 200;
  slo.latency.ms = 100;
  assert.deepEqual(
    [things.operations.a.access, things.operations.a.errors.No.status, things.operations.a.slo?.latency?.ms],
    [{ roles: ["admin"] }, 409, 1],
  );
});

test("an operation of another contract is its own operation there", () => {
  const draft = get("/a", { access: "public" });
  const one = contract("one", { version: "1.0.0", operations: { a: draft } });
  const two = contract("two", { version: "2.0.0", operations: { b: draft } });
  assert.deepEqual(
    [one.operations.a.service, one.operations.a.name, two.operations.b.service, two.operations.b.name],
    ["one", "a", "two", "b"],
  );
});

describe("schemas of other libraries", () => {
  /** The least that Standard Schema and Standard JSON Schema ask for. */
  function handmade<T>(json: JsonSchema | (() => never), vendor = "handmade"): Schema<T, T> {
    const say = () =>
      typeof json === "function" ? json() : { $schema: "https://json-schema.org/draft/2020-12/schema", ...json };
    return {
      "~standard": {
        version: 1,
        vendor,
        validate: (value) => ({ value: value as T }),
        jsonSchema: { input: say, output: say },
      },
    };
  }
  const a = 'contract("things").operations.a';

  test("are as good as zod's", () => {
    const input = handmade<{ id: string }>({
      type: "object",
      properties: { id: { type: "string" } },
      required: ["id"],
    });
    const things = contract("things", {
      version: "1.0.0",
      operations: { a: get("/a/{id}", { input, output: handmade<number>({ type: "number" }) }) },
    });
    assert.equal(things.operations.a.input, input);
  });

  test("may say their objects by reference", () => {
    declare({
      a: (get as any)("/a/{id}", {
        input: handmade({ $ref: "#/$defs/A", $defs: { A: { type: "object", properties: { id: {} } } } }),
      }),
    });
  });

  refuses(
    "that refer to themselves and nothing else have an end",
    () =>
      declare({
        a: (get as any)("/a/{id}", {
          input: handmade({ $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/B" }, B: { $ref: "#/$defs/A" } } }),
        }),
      }),
    { place: `${a}.input` },
  );
  refuses(
    "that throw when asked for JSON Schema",
    () => declare({ a: get("/a", { output: handmade(() => assert.fail("no")) }) }),
    { place: `${a}.output` },
  );

  test("without JSON Schema are refused by name, with libraries that have it", () => {
    const { "~standard": standard } = handmade({}, "old-validator");
    const { jsonSchema: _, ...old } = standard;
    const error = refusal(() => declare({ a: get("/a", { output: { "~standard": old } as never }) }));
    assert.deepEqual([error.code, error.place], ["CONTRACT_INVALID", `${a}.output`]);
    assert.match(error.message, /'old-validator'/);
    assert.match(error.help ?? "", /zod/);
  });

  test("may be functions, as arktype's are", () => {
    const callable = Object.assign(() => {}, handmade<string>({ type: "string" }));
    declare({ a: get("/a", { output: callable }) });
  });
});
