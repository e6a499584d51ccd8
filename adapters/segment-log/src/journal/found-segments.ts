/**
 * The segments of a journal as the folder has them, before anybody believes them: which files there are, what their headers say,
 * and what must hold between neighbours. What a damaged header said is taken from its neighbours and from the mark.
 */
import { join } from "node:path";
import type { Damage } from "./damage.ts";
import type { Files } from "./files.ts";
import type { Mark } from "./mark.ts";
import {
  decodeSegmentHeader,
  type SegmentHeader,
  segmentHeaderBytes,
  segmentName,
  segmentNumber,
} from "./segment-header.ts";

/** A file that should be a segment. */
export interface FoundSegment {
  readonly path: string;
  readonly header: SegmentHeader;
  /** Length of the file; 0 when there is none. */
  readonly sizeBytes: number;
  /** False when the header had to be made up. */
  readonly intact: boolean;
}

/** Looks at all segments from the oldest to the current one. What is wrong goes into `damages`. */
export async function findSegments(
  { files, folder }: { files: Files; folder: string },
  mark: Mark,
  damages: Damage[],
): Promise<FoundSegment[]> {
  const read: Read[] = [];
  for (let number = mark.oldest; number <= mark.current; number++) {
    const path = join(folder, segmentName(number));
    read.push({ number, path, ...(await readHeader(files, path)) });
  }
  const own = read.map((each) => headerOf(each, mark, damages));
  const good = read.map(({ number }) => own.find((header) => header?.number === number));
  return read.map((each, index) => {
    const header = good[index];
    // Under another's name its content is still worth something.
    const source = read[own.findIndex((other) => other !== undefined && other === header)] ?? each;
    const { path, sizeBytes } = source;
    if (header !== undefined) return { path, header, sizeBytes, intact: source === each };
    const made = madeUp(good, { index, mark, read });
    good[index] = made;
    return { path, header: made, sizeBytes, intact: false };
  });
}

/** The numbers of the segment files in a folder, ascending. */
export async function segmentNumbers(files: Files, folder: string): Promise<number[]> {
  const names = await files.list(folder);
  return names
    .map(segmentNumber)
    .filter((number) => number !== undefined)
    .sort((a, b) => a - b);
}

/** What the header of a file says; undefined when there is none to believe. */
export async function peekHeader(files: Files, path: string): Promise<SegmentHeader | undefined> {
  const found = decodeSegmentHeader((await readHeader(files, path)).bytes);
  return found.kind === "header" ? found.header : undefined;
}

interface Read {
  readonly number: number;
  readonly path: string;
  readonly sizeBytes: number;
  readonly bytes: Buffer;
}

async function readHeader(files: Files, path: string): Promise<{ sizeBytes: number; bytes: Buffer }> {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  try {
    const file = await files.open(path, "read");
    try {
      const sizeBytes = await file.size();
      await file.read(bytes, 0);
      return { sizeBytes, bytes };
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { sizeBytes: 0, bytes: Buffer.alloc(0) };
  }
}

function headerOf({ number, path, bytes }: Read, mark: Mark, damages: Damage[]): SegmentHeader | undefined {
  const found = decodeSegmentHeader(bytes);
  if (found.kind === "newer") {
    damages.push({ path, what: `the file has format ${found.version}, which the mark knows nothing of`, lost: 0 });
    return undefined;
  }
  const wrong = (what: string) => {
    damages.push({ path, offset: bytes.length === 0 ? undefined : 0, what, lost: 0 });
    return undefined;
  };
  if (bytes.length === 0) return wrong("the file is missing");
  if (found.kind === "damaged") return wrong("the beginning of the file is damaged");
  const { header } = found;
  if (header.journal !== mark.journal) return wrong("the file belongs to another journal");
  if (header.number !== number) wrong(`the file is segment ${header.number}, under the name of another`);
  return header;
}

/** What a header must have said, as far as others know it. */
function madeUp(
  good: readonly (SegmentHeader | undefined)[],
  { index, mark, read }: { index: number; mark: Mark; read: readonly Read[] },
): SegmentHeader {
  const [before, after] = [good[index - 1], good[index + 1]];
  const recordBytes = (each: Read | undefined) => Math.max(0, (each?.sizeBytes ?? 0) - segmentHeaderBytes);
  return {
    number: mark.oldest + index,
    base:
      before !== undefined
        ? before.base + recordBytes(read[index - 1])
        : Math.max(0, (after?.base ?? mark.durable) - recordBytes(read[index])),
    // NaN: as the records say.
    firstSequence: Number.NaN,
    salt: after?.previousSalt ?? (mark.oldest + index === mark.current ? mark.salt : 0),
    previousSalt: before?.salt ?? 0,
    journal: mark.journal,
    begunMs: before?.begunMs ?? 0,
    snapshot: false,
  };
}
