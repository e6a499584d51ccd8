import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isCantleError } from "@cantle/core";
import { createRoutes } from "./routes.ts";

const routes = createRoutes(
  [
    "GET /",
    "GET /users",
    "POST /users",
    "GET /users/me",
    "GET /users/{id}",
    "PUT /users/{id}",
    "GET /users/me/keys/{key}",
    "GET /users/{user}/posts/{post}",
    "DELETE /constructor/{constructor}",
  ].map((row) => {
    const [method = "", path = ""] = row.split(" ");
    return { method, path, value: row };
  }),
);

describe("the route table", () => {
  test("finds literals before parameters, and comes back when a literal leads nowhere", () => {
    for (const [method, path, value, params] of [
      ["GET", "/", "GET /", {}],
      ["GET", "/users", "GET /users", {}],
      ["GET", "/users/me", "GET /users/me", {}],
      ["PUT", "/users/me", "PUT /users/{id}", { id: "me" }],
      ["GET", "/users/7", "GET /users/{id}", { id: "7" }],
      ["GET", "/users/me/posts/1", "GET /users/{user}/posts/{post}", { user: "me", post: "1" }],
      ["GET", "/users/me/keys/k", "GET /users/me/keys/{key}", { key: "k" }],
    ] as const) {
      const found = routes.match(method, path);
      assert.equal(found?.value, value);
      assert.deepEqual({ ...found?.params }, params);
    }
  });

  test("decodes a parameter once, and compares literals as they were sent", () => {
    assert.equal(routes.match("GET", "/users/a%20b%C3%BC")?.params.id, "a bü");
    assert.equal(routes.match("GET", "/users/%256d")?.params.id, "%6d");
    assert.equal(routes.match("GET", "/%75sers"), undefined);
    assert.equal(routes.match("GET", "/users/%6de")?.value, "GET /users/{id}");
    assert.equal(routes.match("GET", "/users/%ff"), undefined);
  });

  test("has no route for a trailing slash, another case, an unknown method or a name that every object has", () => {
    for (const path of ["/users/", "/Users", "/user", "/users/1/2", "/__proto__", "/toString"]) {
      assert.equal(routes.match("GET", path), undefined, path);
    }
    for (const method of ["get", "PATCH", "constructor", "__proto__", "HEAD"])
      assert.equal(routes.match(method, "/users"), undefined);
    assert.deepEqual({ ...routes.match("DELETE", "/constructor/x")?.params }, { constructor: "x" });
  });

  test("knows the methods of a path", () => {
    assert.deepEqual(routes.methodsOf("/users"), ["GET", "POST", "HEAD", "OPTIONS"]);
    assert.deepEqual(routes.methodsOf("/users/me"), ["GET", "PUT", "HEAD", "OPTIONS"]);
    assert.deepEqual(routes.methodsOf("/constructor/x"), ["DELETE", "OPTIONS"]);
    assert.deepEqual(routes.methodsOf("/nothing"), []);
  });

  test("refuses two rows that mean the same requests", () => {
    const rows = ["/a/{x}", "/a/{y}"].map((path) => ({ method: "GET", path, value: path }));
    assert.throws(
      () => createRoutes(rows),
      (error) => isCantleError(error) && error.code === "SYSTEM_INVALID",
    );
  });
});
