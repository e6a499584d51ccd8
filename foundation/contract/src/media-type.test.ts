import assert from "node:assert/strict";
import { test } from "node:test";
import { essenceOf, isAmong } from "./media-type.ts";

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

test("a list of types takes exact types and ranges", () => {
  assert.ok(isAmong("image/png", ["image/jpeg", "Image/PNG"]));
  assert.ok(isAmong("image/png", ["image/*"]));
  assert.ok(isAmong("application/octet-stream", ["*/*"]));
  for (const types of [["image/jpeg"], ["im/*"], ["imag*"], []]) assert.ok(!isAmong("image/png", types), String(types));
});
