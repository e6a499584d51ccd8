import assert from "node:assert/strict";
import { test } from "node:test";
import { contract, del, get, jsonSchemaOf, post, put } from "@cantle/contract";
import { z } from "zod";
import { chooseOperation, curlOf, exampleOf } from "./example.ts";

const Account = z.object({ id: z.string(), email: z.email() });
const accounts = contract("accounts", {
  version: "1.0.0",
  operations: {
    read: get("/accounts/{id}", { access: "public", input: z.object({ id: z.string() }), output: Account }),
    open: post("/accounts", { access: "public", input: Account.omit({ id: true }), output: Account }),
    list: get("/accounts", { access: "public", input: z.object({ page: z.int().min(1) }), output: Account }),
    change: put("/accounts/{id}", { access: "public", input: Account, output: Account }),
    close: del("/accounts/{id}", { access: "public", input: z.object({ id: z.string() }) }),
    mine: get("/mine", { access: "user", output: Account }),
    secret: get("/secret", { output: Account }),
  },
});
const { read, open, list, change, close, mine, secret } = accounts.operations;

test("the operation to begin with is public, needs nothing to exist, and reads if one does", () => {
  assert.equal(chooseOperation([read, open, list, change]), list);
  assert.equal(chooseOperation([read, open]), open);
  assert.equal(chooseOperation([change, read]), read);
  assert.equal(chooseOperation([mine, secret]), undefined);
});

test("the command is the request, in words that a shell takes apart as they are meant", () => {
  const url = "http://127.0.0.1:8080/api";
  const json = "-H 'content-type: application/json' -d";
  assert.equal(curlOf(list, url), `curl '${url}/accounts?page=1'`);
  assert.equal(curlOf(read, url), `curl ${url}/accounts/hello`);
  assert.equal(curlOf(open, url), `curl ${url}/accounts ${json} '{"email":"ann@example.com"}'`);
  assert.equal(curlOf(change, url), `curl -X PUT ${url}/accounts/hello ${json} '{"email":"ann@example.com"}'`);
  assert.equal(curlOf(close, url), `curl -X DELETE ${url}/accounts/hello`);
});

test("an example fits the schema it is made from", () => {
  const Point = z.object({ x: z.number().gt(3), y: z.int().min(5) });
  const schemas = {
    Point,
    text: z.string().min(20),
    choice: z.enum(["red", "green"]),
    literal: z.literal(7),
    either: z.union([z.boolean(), z.string()]),
    list: z.array(Point).min(2),
    optional: z.object({ needed: z.uuid(), not: z.string().optional() }),
    both: z.intersection(z.object({ a: z.string() }), z.object({ b: z.boolean() })),
    date: z.object({ at: z.iso.datetime(), day: z.iso.date(), link: z.url() }),
  };
  for (const [name, schema] of Object.entries(schemas)) {
    const example = exampleOf(jsonSchemaOf(schema, "input", name));
    assert.equal(schema.safeParse(example).success, true, `${name}: ${JSON.stringify(example)}`);
  }
});

test("a schema that contains itself has an example all the same", () => {
  const Tree = z.object({
    name: z.string(),
    get children() {
      return z.array(Tree).min(1);
    },
  });
  assert.doesNotThrow(() => JSON.stringify(exampleOf(jsonSchemaOf(Tree, "input", "tree"))));
});
