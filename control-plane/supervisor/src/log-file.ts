/**
 * The log of one background instance: a file that the instance itself writes to, so that it goes on when its supervisor
 * does not. The supervisor reads along, and keeps the file within bounds: when it is over `bytesMax` it is copied to
 * `.1` (and `.1` to `.2`, ...) and emptied in place. The instance appends, so it writes on at the beginning.
 *
 * Lines written between the end of the copy and the emptying, some microseconds, are lost; while no supervisor runs
 * the file grows, as it does where the disk has no room for the copy. Reading along is best effort: what was rotated away unread is not shown.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
} from "node:fs";
import type { Clock, Timer } from "@cantle/core";
import { createLineReader, type LineReader } from "./lines.ts";

/** The figures of the log files. */
export interface LogFileLimits {
  /** From which size a file is rotated, bytes. */
  readonly bytesMax: number;
  /** How many rotated files are kept. */
  readonly filesMax: number;
  /** How often the supervisor looks. */
  readonly pollMs: number;
}

/** What runs where nothing else is asked for: at most 40 MB for each instance. */
export const defaultLogFileLimits: LogFileLimits = { bytesMax: 10_000_000, filesMax: 3, pollMs: 200 };

/** When rotating is tried again, where it did not work: a full disk has no room for the copy. */
const rotateAgainMs = 10_000;
const chunkBytes = 65_536;
/** The most that is read at one look, chunks; the rest waits for the next, so that a flood does not block us. */
const chunksMax = 16;

/** An open log. */
export interface LogFile {
  /** For the stdio of the instance. */
  readonly descriptor: number;
  /** Reads on now, not only at the next look. */
  catchUp(): void;
  close(): void;
}

/** Opens (or goes on with) a log file, for its owner only. */
export function openLogFile(
  path: string,
  setting: { clock: Clock; limits: LogFileLimits; onLine: (line: string) => void },
): LogFile {
  const { clock, limits, onLine } = setting;
  const descriptor = openSync(path, "a+", 0o600);
  const reader = createLineReader(onLine);
  let offset = fstatSync(descriptor).size;
  let rotateFromMs = 0;
  let timer: Timer;
  const look = () => {
    offset = readOn(descriptor, offset, reader);
    if (fstatSync(descriptor).size > limits.bytesMax && clock.nowMs() >= rotateFromMs) {
      if (rotate(path, descriptor, limits.filesMax)) offset = 0;
      else rotateFromMs = clock.nowMs() + rotateAgainMs;
    }
    timer = clock.after(limits.pollMs, look);
  };
  timer = clock.after(limits.pollMs, look);
  return {
    descriptor,
    catchUp() {
      offset = readOn(descriptor, offset, reader);
    },
    close() {
      timer.cancel();
      readOn(descriptor, offset, reader);
      reader.end();
      closeSync(descriptor);
    },
  };
}

function readOn(descriptor: number, from: number, reader: LineReader): number {
  const chunk = new Uint8Array(chunkBytes);
  // Emptied by somebody else: begin again.
  let offset = fstatSync(descriptor).size < from ? 0 : from;
  for (let chunks = 0; chunks < chunksMax; chunks++) {
    const length = readSync(descriptor, chunk, 0, chunkBytes, offset);
    if (length === 0) break;
    reader.write(chunk.subarray(0, length));
    offset += length;
  }
  return offset;
}

/** False where it did not work: then the file grows on, and no half copy is left. */
function rotate(path: string, descriptor: number, filesMax: number): boolean {
  try {
    for (let number = filesMax - 1; number >= 1; number--) {
      if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
    }
  } catch {
    return false;
  }
  try {
    copyFileSync(path, `${path}.1`);
  } catch {
    rmSync(`${path}.1`, { force: true });
    return false;
  }
  ftruncateSync(descriptor, 0);
  return true;
}
