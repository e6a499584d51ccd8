/**
 * A file system in memory, for tests: it can be looked at after every step, fail at any of them, and lose its power.
 *
 * It knows what a real one promises. A write is seen by this process at once and survives its end; it survives a power cut only
 * after a `sync`. Until then any of its sectors may be there or not; when the sync fails, they are forgotten, though this process still
 * sees them. A new name survives a power cut after `syncFolder`; until then,
 * names are there up to some moment, in their order.
 */
import { basename, dirname, join } from "node:path";
import { CantleError, type Random } from "@cantle/core";
import type { Files, OpenFile, OpenMode } from "./files.ts";

const sectorBytes = 512;

/** What is about to happen. */
export interface Step {
  readonly act: "open" | "write" | "writeNow" | "sync" | "truncate" | "rename" | "remove" | "syncFolder";
  readonly path: string;
}

interface Node {
  /** As this process sees it. */
  seen: Buffer;
  /** As the disk has it for sure. */
  durable: Buffer;
  /** What was done since. */
  pending: Change[];
}

/** A change of a file's content: as it is, or as far as a power cut lets it come. */
interface Change {
  readonly whole: (content: Buffer) => Buffer;
  readonly part: (content: Buffer, random: Random) => Buffer;
}

type Names = Map<string, Node>;

/** A file system in memory. */
export class MemoryFiles implements Files {
  #names: Names = new Map();
  #durableNames: Names = new Map();
  /** Changes of names that no `syncFolder` followed yet. */
  #renames: ((names: Names) => void)[] = [];
  readonly #locks = new Set<string>();
  /** Told of each step before it is taken; what it throws, the step throws. */
  onStep: (step: Step) => void = () => {};

  lock(folder: string): { release(): void } {
    if (this.#locks.has(folder)) throw new CantleError("ALREADY_RUNNING", "another broker has this folder");
    this.#locks.add(folder);
    return { release: () => void this.#locks.delete(folder) };
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    this.onStep({ act: "open", path });
    let node = this.#names.get(path);
    if (node === undefined && mode === "read") throw failed("ENOENT");
    if (node === undefined || mode === "create") {
      node = { seen: Buffer.alloc(0), durable: Buffer.alloc(0), pending: [] };
      const made = node;
      this.#rename((names) => names.set(path, made));
    }
    return this.#openFile(path, node);
  }

  async makeFolder(): Promise<void> {}

  async list(folder: string): Promise<readonly string[]> {
    return [...this.#names.keys()].filter((path) => dirname(path) === folder).map((path) => basename(path));
  }

  async rename(from: string, to: string): Promise<void> {
    this.onStep({ act: "rename", path: to });
    const node = this.#names.get(from);
    if (node === undefined) throw failed("ENOENT");
    this.#rename((names) => {
      names.delete(from);
      names.set(to, node);
    });
  }

  async remove(path: string): Promise<void> {
    this.onStep({ act: "remove", path });
    this.#rename((names) => names.delete(path));
  }

  async syncFolder(path: string): Promise<void> {
    this.onStep({ act: "syncFolder", path });
    this.#durableNames = new Map(this.#names);
    this.#renames = [];
  }

  /** What a process finds that is started when this one is killed now. */
  afterKill(): MemoryFiles {
    const after = new MemoryFiles();
    for (const [path, { seen }] of this.#names) after.put(path, seen);
    return after;
  }

  /** What is found when the power comes back. */
  afterPowerCut(random: Random): MemoryFiles {
    const after = new MemoryFiles();
    const names = new Map(this.#durableNames);
    for (const rename of this.#renames.slice(0, Math.floor(random.next() * (this.#renames.length + 1)))) rename(names);
    for (const [path, { durable, pending }] of names)
      after.put(
        path,
        pending.reduce((content, change) => change.part(content, random), Buffer.from(durable) as Buffer),
      );
    return after;
  }

  /** The paths of all files. */
  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  /** What is in a file. */
  content(path: string): Buffer {
    return Buffer.from(this.#names.get(path)?.seen ?? "");
  }

  /** Puts a durable file somewhere. */
  put(path: string, content: Buffer): void {
    const node = { seen: Buffer.from(content), durable: Buffer.from(content), pending: [] };
    this.#names.set(path, node);
    this.#durableNames.set(path, node);
  }

  /** Changes what is in a file under whoever has it open. */
  rot(path: string, content: Buffer): void {
    const node = this.#names.get(path);
    if (node === undefined) throw failed("ENOENT");
    node.seen = Buffer.from(content);
    node.durable = Buffer.from(content);
  }

  /** Removes a file, as somebody would who should not. */
  drop(path: string): void {
    this.#names.delete(path);
    this.#durableNames.delete(path);
  }

  #rename(change: (names: Names) => void): void {
    change(this.#names);
    this.#renames.push(change);
  }

  #openFile(path: string, node: Node): OpenFile {
    const change = (what: Change) => {
      node.seen = what.whole(node.seen);
      node.pending.push(what);
    };
    const put = (chunks: readonly Uint8Array[], position: number) => {
      const bytes = Buffer.concat(chunks);
      change({
        whole: (content) => written(content, bytes, position),
        part: (content, random) => torn(content, bytes, { position, random }),
      });
    };
    return {
      write: async (chunks, position) => {
        this.onStep({ act: "write", path });
        put(chunks, position);
      },
      writeNow: (bytes, position) => {
        this.onStep({ act: "writeNow", path });
        put([Buffer.from(bytes)], position);
      },
      sync: async () => {
        const { pending } = node;
        node.pending = [];
        this.onStep({ act: "sync", path });
        node.durable = pending.reduce((content, { whole }) => whole(content), node.durable);
      },
      read: async (into, position) => node.seen.copy(into, 0, position),
      truncate: async (length) => {
        this.onStep({ act: "truncate", path });
        const whole = (content: Buffer) => cut(content, length);
        change({ whole, part: (content, random) => (random.next() < 0.5 ? whole(content) : content) });
      },
      size: async () => node.seen.length,
      close: async () => {},
    };
  }
}

/** A folder in it that a test can use. */
export const memoryFolder = join("/", "broker");

/** An error as the operating system gives it. */
export function failed(code: string): NodeJS.ErrnoException {
  return Object.assign(new RangeError(`${code}: made up by a test`), { code });
}

/** Changes the content where it can. */
function written(content: Buffer, bytes: Buffer, position: number): Buffer {
  if (position + bytes.length <= content.length) {
    bytes.copy(content, position);
    return content;
  }
  const whole = Buffer.alloc(Math.max(content.length, position + bytes.length));
  content.copy(whole);
  bytes.copy(whole, position);
  return whole;
}

/** Some sectors of a write that was not synced; where one is missing in the middle, there are zeros. */
function torn(content: Buffer, bytes: Buffer, { position, random }: { position: number; random: Random }): Buffer {
  let result = content;
  const share = random.next();
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + sectorBytes - ((position + at) % sectorBytes));
    if (random.next() < share) result = written(result, bytes.subarray(at, end), position + at);
    at = end;
  }
  return result;
}

function cut(content: Buffer, length: number): Buffer {
  return length <= content.length ? content.subarray(0, length) : written(content, Buffer.alloc(0), length);
}
