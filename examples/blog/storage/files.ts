/**
 * Images as files in one folder.
 *
 * Invariants
 * 1. A file has the name of its id, which we chose; nothing that a user wrote becomes part of a path.
 * 2. A file under its name is whole and on the disk: it is written beside it, synced, and renamed.
 * 3. What is not the image it claims to be is refused at its first bytes, and leaves nothing behind.
 */
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { headBytes, imageTypeOf } from "./image-type.ts";

/** What is known of an image before it is stored. */
export interface Incoming {
  readonly type: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Stores an image as `id` and answers with its size; undefined when the bytes are not of that type. */
export async function writeImage(folder: string, id: string, image: Incoming): Promise<number | undefined> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, id);
  const unfinished = `${path}.part`;
  const file = await open(unfinished, "wx", 0o600);
  try {
    const isImage = await writeChecked(file, image);
    if (isImage) await file.sync();
    const { size } = await file.stat();
    await file.close();
    if (!isImage) return undefined;
    await rename(unfinished, path);
    return size;
  } finally {
    await file.close();
    await rm(unfinished, { force: true });
  }
}

/** The bytes of an image; the file is opened when they are first asked for. */
export async function* readImage(folder: string, id: string): AsyncIterable<Uint8Array> {
  yield* createReadStream(join(folder, id));
}

/** Removes an image. */
export async function removeImage(folder: string, id: string): Promise<void> {
  await rm(join(folder, id), { force: true });
}

type Writable = Awaited<ReturnType<typeof open>>;

/** Writes until the first bytes turn out not to be of the type; false then. */
async function writeChecked(file: Writable, { type, chunks }: Incoming): Promise<boolean> {
  let head: Uint8Array = new Uint8Array(0);
  for await (const chunk of chunks) {
    if (head.length < headBytes) {
      head = Buffer.concat([head, chunk.subarray(0, headBytes - head.length)]);
      if (head.length === headBytes && imageTypeOf(head) !== type) return false;
    }
    await file.writeFile(chunk);
  }
  return imageTypeOf(head) === type;
}
