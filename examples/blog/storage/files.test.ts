import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { readImage, removeImage, writeImage } from "./files.ts";

const png = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(300_000, 7)]);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "images-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** The bytes in pieces of this size. */
async function* pieces(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(id: string): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(readImage(folder, id)));
}

test("what is written is read again, however it was cut into pieces", async () => {
  for (const size of [5, 4_096, png.length]) {
    const id = `id${size}`;
    assert.equal(
      await writeImage(folder, id, { type: "image/png", chunks: pieces(png.subarray(0, 20_000), size) }),
      Math.min(20_000, png.length),
    );
    assert.deepEqual(await read(id), png.subarray(0, 20_000));
  }
});

test("a folder that is not there is made, and only its owner reads what is in it", async () => {
  const inner = join(folder, "a", "b");
  await writeImage(inner, "id", { type: "image/png", chunks: pieces(png, 65_536) });
  assert.equal((await stat(inner)).mode & 0o777, 0o700);
  assert.equal((await stat(join(inner, "id"))).mode & 0o777, 0o600);
});

test("what is not of its type is refused at its first bytes and leaves nothing", async () => {
  let asked = 0;
  async function* endless(): AsyncIterable<Uint8Array> {
    for (;;) {
      asked++;
      yield Buffer.from("<svg onload=alert(1)>");
    }
  }
  assert.equal(await writeImage(folder, "id", { type: "image/png", chunks: endless() }), undefined);
  assert.equal(asked, 1);
  for (const bytes of [Buffer.alloc(0), Buffer.from("GIF8"), png.subarray(0, 4)]) {
    assert.equal(await writeImage(folder, "id", { type: "image/png", chunks: pieces(bytes, 3) }), undefined);
  }
  assert.equal(await writeImage(folder, "id", { type: "image/gif", chunks: pieces(png, 100_000) }), undefined);
  assert.deepEqual(await readdir(folder), []);
});

test("an upload that breaks off leaves nothing", async () => {
  async function* broken(): AsyncIterable<Uint8Array> {
    yield png;
    throw new Error("the connection was lost");
  }
  await assert.rejects(writeImage(folder, "id", { type: "image/png", chunks: broken() }), /connection was lost/);
  assert.deepEqual(await readdir(folder), []);
});

test("a removed image is gone, and removing it again is harmless", async () => {
  await writeImage(folder, "id", { type: "image/png", chunks: pieces(png, 100_000) });
  await removeImage(folder, "id");
  await removeImage(folder, "id");
  assert.deepEqual(await readdir(folder), []);
});
