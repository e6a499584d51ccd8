import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { contract, del, get, post, put } from "@cantle/contract";
import { isCantleError, type Operation } from "@cantle/core";
import { z } from "zod";
import { requestWriter } from "./request-of.ts";

const anything = z.object({ id: z.string(), a: z.unknown(), b: z.unknown() });
const { operations } = contract("things", {
  version: "1.0.0",
  operations: {
    read: get("/things/{id}", { input: anything }),
    change: put("/things/{id}", { input: anything }),
    remove: del("/things/{id}", { input: anything }),
    make: post("/things", { input: anything }),
  },
});
const requestOf = (operation: Operation) => requestWriter(operation, "named");
const value = (value: unknown) => ({ kind: "value", value }) as const;
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe("requests of calls", () => {
  test("path parameters go into the path, the rest of a read or a removal into the query", () => {
    for (const operation of [operations.read, operations.remove]) {
      const { path, bytes } = requestOf(operation)(value({ id: "a/ü ?", a: [1, "x y"], b: { c: true } }));
      assert.equal(path, "/things/a%2F%C3%BC%20%3F?a=1&a=x%20y&b=%7B%22c%22%3Atrue%7D");
      assert.equal(bytes.length, 0);
    }
    assert.equal(requestOf(operations.read)(value({ id: "1", a: undefined, b: null })).path, "/things/1?b=null");
  });

  test("the rest of a write goes into the body, and nothing where nothing is left", () => {
    const { path, bytes } = requestOf(operations.change)(value({ id: "7", a: [1], b: null }));
    assert.deepEqual([path, text(bytes)], ["/things/7", '{"a":[1],"b":null}']);
    assert.equal(requestOf(operations.change)(value({ id: "7" })).bytes.length, 0);
    assert.equal(text(requestOf(operations.make)(value({ id: "7" })).bytes), '{"id":"7"}');
    assert.equal(requestOf(operations.make)(value(undefined)).bytes.length, 0);
  });

  test("bytes are passed on unread where they are the whole body, and divided where they are not", () => {
    const bytes = Buffer.from('{ "id": "7", "a": 1 }');
    assert.equal(requestOf(operations.make)({ kind: "bytes", bytes }).bytes, bytes);
    const divided = requestOf(operations.change)({ kind: "bytes", bytes });
    assert.deepEqual([divided.path, text(divided.bytes)], ["/things/7", '{"a":1}']);
  });

  test("the parts of an HTTP request are put together again", () => {
    const parts = requestOf(operations.change)({
      kind: "http",
      params: { id: "ü" },
      query: "x=%20",
      bytes: Buffer.from("{}"),
    });
    assert.deepEqual([parts.path, text(parts.bytes)], ["/things/%C3%BC?x=%20", "{}"]);
  });

  test("what cannot be said is invalid input", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    for (const input of [{}, { id: "\ud800" }, [], "x", 7]) {
      assert.throws(
        () => requestOf(operations.read)(value(input)),
        (error) => isCantleError(error) && error.code === "INPUT_INVALID",
      );
    }
    assert.throws(
      () => requestOf(operations.make)(value(cycle)),
      (error) => isCantleError(error) && error.code === "INPUT_INVALID",
    );
  });

  test("where the path alone says what is meant, a parameter is nothing that makes it another path", () => {
    for (const id of ["", ".", ".."]) {
      assert.equal(requestOf(operations.read)(value({ id })).path, `/things/${id}`);
      assert.throws(
        () => requestWriter(operations.read, "routed")(value({ id })),
        (error) => isCantleError(error) && error.code === "INPUT_INVALID",
      );
    }
  });

  test("members that every object has are ordinary", () => {
    const { bytes } = requestOf(operations.change)(value(JSON.parse('{"id":"1","__proto__":{"x":1}}')));
    assert.equal(text(bytes), '{"__proto__":{"x":1}}');
  });
});
