/** The rules of storage, through the API. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { member, visitor } from "../conduit/visitor.ts";
import { startBlog } from "../testing.ts";

const blog = await startBlog();
after(() => blog.stop());

const png = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(200_000, 1)]);

function upload(token: string | undefined, body: Uint8Array<ArrayBuffer>, type: string): Promise<Response> {
  const headers = { "content-type": type, ...(token !== undefined && { authorization: `Token ${token}` }) };
  return fetch(`${blog.url}/images`, { method: "POST", headers, body });
}

test("an image comes down as it went up, to anybody, and can be one's own", async () => {
  const { user, ask } = await member(blog.url, "face");
  const up = await upload(user.token, png, "image/png");
  assert.equal(up.status, 201);
  const { id, url } = (await up.json()) as { id: string; url: string };
  assert.equal(url, `/api/images/${id}`);
  const down = await fetch(new URL(url, blog.url));
  assert.equal(down.status, 200);
  assert.equal(down.headers.get("content-type"), "image/png");
  assert.deepEqual(Buffer.from(await down.arrayBuffer()), png);
  assert.equal((await ask("PUT /user", { user: { image: url } })).body.user.image, url);
});

test("what is not an image is not taken, whatever it calls itself", async () => {
  const { user } = await member(blog.url, "fake");
  const fakes: [string, string][] = [
    ["<svg onload='alert(1)'/>", "image/svg+xml"],
    ["<svg onload='alert(1)'/>", "image/png"],
    ["", "image/png"],
    ["GIF89a and so on", "image/jpeg"],
    ["#!/bin/sh", "application/octet-stream"],
  ];
  for (const [text, type] of fakes) assert.equal((await upload(user.token, Buffer.from(text), type)).status, 415, type);
});

test("nobody uploads without a token", async () => {
  for (const token of [undefined, "not-a-token"]) assert.equal((await upload(token, png, "image/png")).status, 401);
});

test("what is not an id of an image is not found or refused", async () => {
  const anybody = visitor(blog.url);
  assert.equal((await anybody(`GET /images/${"0".repeat(32)}`)).status, 404);
  for (const id of ["x", "0".repeat(33), "..%5c..%5cpackage.json", "%2e%2e"]) {
    const { status } = await anybody(`GET /images/${id}`);
    assert.ok(status >= 400 && status < 500, `${id}: ${status}`);
  }
});
