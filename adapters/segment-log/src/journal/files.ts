/**
 * The file system as an argument: what a journal needs of it, and no more, so that a test can let any step fail or be the last.
 *
 * A write resolves when the page cache has it, `sync` when the disk has. What fails, fails with the code of the operating
 * system (`ENOSPC`, `EIO`, …); `failure.ts` says what each means.
 */
import fs, { constants } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { promisify } from "node:util";
import { type FolderLock, lockFolder } from "./lock.ts";

/** A file that is open. */
export interface OpenFile {
  /** Writes all of it at `position`. What was written of it when it fails, nobody knows. */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>;
  /** The same for a few bytes that go to the page cache before it returns: quicker than a trip to the thread pool. */
  writeNow(bytes: Uint8Array, position: number): void;
  /** Resolves when what was written survives a power cut. */
  sync(): Promise<void>;
  /** Reads until `into` is full or the file ends; answers with how many bytes there were. */
  read(into: Uint8Array, position: number): Promise<number>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** How a file is opened: `create` makes an empty one, whatever was there; `change` keeps what is there, or makes one. */
export type OpenMode = "read" | "change" | "create";

/** The file system. */
export interface Files {
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  /** Takes a folder, for as long as this process lives. Throws `ALREADY_RUNNING` when somebody has it. */
  lock(folder: string): FolderLock;
  /** Makes it, for its owner only, with those above it. */
  makeFolder(path: string): Promise<void>;
  /** The names in a folder. */
  list(folder: string): Promise<readonly string[]>;
  rename(from: string, to: string): Promise<void>;
  /** Nothing happens where nothing is. */
  remove(path: string): Promise<void>;
  /** Resolves when the names in a folder survive a power cut. */
  syncFolder(path: string): Promise<void>;
}

const flags: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  change: constants.O_RDWR | constants.O_CREAT,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC,
};

// Plain descriptors: a FileHandle would be closed by the garbage collector, and costs a promise more each time.
const openPlain = promisify(fs.open);
const closePlain = promisify(fs.close);
const syncData = promisify(fs.fdatasync);
const syncAll = promisify(fs.fsync);
const truncatePlain = promisify(fs.ftruncate);
const statPlain = promisify(fs.fstat);

/** The machine's own. Files are for their owner alone. */
export const diskFiles: Files = {
  open: async (path, mode) => diskFile(await openPlain(path, flags[mode], 0o600)),
  lock: lockFolder,
  makeFolder: async (path) => void (await mkdir(path, { recursive: true, mode: 0o700 })),
  list: (folder) => readdir(folder),
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  async syncFolder(path) {
    // Windows cannot sync a folder, and need not.
    if (process.platform === "win32") return;
    const descriptor = await openPlain(path, constants.O_RDONLY);
    try {
      await syncAll(descriptor);
    } finally {
      await closePlain(descriptor);
    }
  },
};

function diskFile(descriptor: number): OpenFile {
  return {
    write: (chunks, position) => writeAll(descriptor, chunks, position),
    writeNow(bytes, position) {
      for (let done = 0; done < bytes.length; )
        done += fs.writeSync(descriptor, bytes, done, bytes.length - done, position + done);
    },
    sync: () => syncData(descriptor),
    read: (into, position) => readAll(descriptor, into, position),
    truncate: (length) => truncatePlain(descriptor, length),
    size: async () => (await statPlain(descriptor)).size,
    close: () => closePlain(descriptor),
  };
}

/** The system may write less than it was given, above all when the disk fills up: the rest then says why. */
function writeAll(descriptor: number, chunks: readonly Uint8Array[], position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.writev(descriptor, chunks, position, (error, written) => {
      if (error !== null) reject(error);
      else {
        const rest = after(chunks, written);
        resolve(rest.length === 0 ? undefined : writeAll(descriptor, rest, position + written));
      }
    });
  });
}

function after(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skipped = 0;
  for (const [index, chunk] of chunks.entries()) {
    if (skipped + chunk.length > bytes) return [chunk.subarray(bytes - skipped), ...chunks.slice(index + 1)];
    skipped += chunk.length;
  }
  return [];
}

const readSome = promisify(fs.read);

async function readAll(descriptor: number, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await readSome(descriptor, into, done, into.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
