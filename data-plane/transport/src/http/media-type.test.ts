import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsJson, isJson } from "./media-type.ts";

test("JSON is application/json, in UTF-8, and nothing that looks like it", () => {
  for (const type of [
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "application/json ;\tcharset=utf-8",
  ]) {
    assert.ok(isJson(type), type);
  }
  for (const type of [
    undefined,
    "",
    "text/plain",
    "application/json5",
    "application/jsonp",
    "application/json, text/plain",
    "application/json; charset=utf-16",
    "application/json; charset=utf-8; x=y",
    "application/json;",
    "application/json; boundary=x",
    " application/json",
    "application/json\u00a0",
    "application/x-www-form-urlencoded",
    "application/vnd.api+json",
    "application /json",
    "application/json;charset=utf-8 ",
  ]) {
    assert.ok(!isJson(type), type);
  }
});

test("what claims to be JSON is recognised whatever it is called", () => {
  for (const essence of ["application/json", "text/json", "application/vnd.api+json"]) assert.ok(claimsJson(essence));
  for (const essence of ["application/jsonl", "text/plain", "image/png"]) assert.ok(!claimsJson(essence));
});
