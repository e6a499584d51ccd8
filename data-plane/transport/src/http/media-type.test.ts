import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsJson, essenceOf, isAmong, isJson } from "./media-type.ts";

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

test("the essence is lower case without parameters, and nothing of what is not a media type", () => {
  assert.equal(essenceOf('Image/PNG; q="a b"; x=1'), "image/png");
  for (const type of [
    "",
    "image",
    "image/",
    "/png",
    "image/png;",
    "image/png; x",
    "image/png, text/html",
    'a/b; c="',
    "a/b/c",
  ]) {
    assert.equal(essenceOf(type), undefined, type);
  }
});

test("what claims to be JSON is recognised whatever it is called", () => {
  for (const essence of ["application/json", "text/json", "application/vnd.api+json"]) assert.ok(claimsJson(essence));
  for (const essence of ["application/jsonl", "text/plain", "image/png"]) assert.ok(!claimsJson(essence));
});

test("a list of types takes exact types and ranges", () => {
  assert.ok(isAmong("image/png", ["image/jpeg", "Image/PNG"]));
  assert.ok(isAmong("image/png", ["image/*"]));
  assert.ok(isAmong("application/octet-stream", ["*/*"]));
  for (const types of [["image/jpeg"], ["im/*"], ["imag*"], []]) assert.ok(!isAmong("image/png", types), String(types));
});
