import assert from "node:assert/strict";
import { test } from "node:test";
import { headBytes, imageTypeOf } from "./image-type.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

test("images are told by how they begin", () => {
  const heads: [string, Buffer][] = [
    ["image/png", bytes("\x89PNG\r\n\x1a\n\0\0\0\r")],
    ["image/jpeg", bytes("\xff\xd8\xff\xe0\0\x10JFIF\0\x01")],
    ["image/gif", bytes("GIF87a\x01\0\x01\0\0\0")],
    ["image/gif", bytes("GIF89a\x01\0\x01\0\0\0")],
    ["image/webp", bytes("RIFF\x24\0\0\0WEBP")],
  ];
  for (const [type, head] of heads) {
    assert.equal(head.length, headBytes);
    assert.equal(imageTypeOf(head), type);
  }
});

test("anything else is no image", () => {
  const heads = [
    "",
    "\x89PN",
    "GIF88a......",
    "RIFF\x24\0\0\0WAVE",
    "<svg xmlns=x",
    "<!DOCTYPE ht",
    "%PDF-1.7....",
    " \x89PNG\r\n\x1a\n...",
  ];
  for (const head of heads) assert.equal(imageTypeOf(bytes(head)), undefined, JSON.stringify(head));
});
