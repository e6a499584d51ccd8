/**
 * Opening a journal: finding out what the disk has, and whether that is what it should have.
 *
 *     mark ──▶ segments ──▶ every record ──▶ damage? ──▶ refused, or repaired
 *                                        └─▶ a torn tail: cut ──▶ what is intact behind the mark: written again ──▶ journal
 *
 * 1. Every record is read and checked, and handed on in its order.
 * 2. What is before the mark and cannot be read is damage. Nothing is changed then, unless a repair is asked for.
 * 3. Intact records behind the mark were not acknowledged, or were in the moments before a power cut. They are kept, but in a new
 *    segment: the pages of the old one may be clean without being on the disk, after a sync that failed.
 */
import { join } from "node:path";
import type { Logger } from "@cantle/telemetry";
import { type Damage, damagedError, describeDamage } from "./damage.ts";
import { type FoundSegment, findSegments, segmentNumbers } from "./found-segments.ts";
import { Journal, type JournalGround, markPath, newSalt } from "./journal.ts";
import { type Mark, MarkFile } from "./mark.ts";
import { readMark } from "./read-mark.ts";
import { type Bytes, bytesOf, isIntact, lengthAt, looksLikeRecord, padded, saltRecord, sequenceAt } from "./record.ts";
import { filled, replaceSegment } from "./repair.ts";
import { type Scan, scanSegment } from "./scan.ts";
import { createSegment, offsetOf, type Segment, segmentOf } from "./segment.ts";
import { segmentHeaderBytes, segmentName } from "./segment-header.ts";

/** Takes a record that was read: it is at `at` in `record`, and at `address` in the journal. Good until it returns. */
export type TakeRecord = (record: Bytes, at: number, address: number) => void;

/** How a journal is opened. */
export interface OpenJournalOptions extends JournalGround {
  readonly log: Logger;
  /** Whether damage is repaired; otherwise it is refused. */
  readonly repair: boolean;
  /** Told before the first record what the last one will be, roughly. */
  readonly onMark: (sequence: number) => void;
  readonly onRecord: TakeRecord;
}

/** Opens the journal of a folder, or makes one. Throws `DATA_DAMAGED`, `DATA_NEWER`. */
export async function openJournal(options: OpenJournalOptions): Promise<Journal> {
  const markFile = await MarkFile.open(options.files, markPath(options.folder));
  try {
    const damages: Damage[] = [];
    const mark = await readMark(markFile, options, damages);
    await sweep(options, mark);
    options.onMark(mark.sequence);
    const found = await findSegments(options, mark, damages);
    const read = await readAll(options, { mark, found, damages });
    if (damages.length > 0) await settle(options, damages, read);
    return await begin(options, { markFile, mark, read });
  } catch (error) {
    await markFile.close();
    throw error;
  }
}

/** A segment, read to its end. */
interface ReadSegment {
  readonly segment: Segment;
  readonly found: FoundSegment;
  readonly scan: Scan;
  /** Kept where something is to be written again: a tail, or what is intact beside damage. */
  readonly bytes: Bytes | undefined;
}

/** Removes what an interrupted beginning or end of a segment left. */
async function sweep({ files, folder }: JournalGround, mark: Mark): Promise<void> {
  for (const name of await files.list(folder))
    if (name.endsWith(".segment.new")) await files.remove(join(folder, name));
  for (const number of await segmentNumbers(files, folder)) {
    if (number < mark.oldest || number > mark.current) await files.remove(join(folder, segmentName(number)));
  }
}

interface Reading {
  readonly mark: Mark;
  readonly found: readonly FoundSegment[];
  readonly damages: Damage[];
}

async function readAll(options: OpenJournalOptions, { mark, found, damages }: Reading): Promise<ReadSegment[]> {
  const read: ReadSegment[] = [];
  // One piece of memory for all of them: freed memory comes back late.
  const memory = Buffer.allocUnsafeSlow(Math.max(...found.map(({ sizeBytes }) => sizeBytes)));
  for (const [index, each] of found.entries()) {
    const next = found[index + 1];
    const isLast = next === undefined;
    const content = await readFile(options, each, memory);
    const segment = segmentOf(options.folder, {
      ...each.header,
      firstSequence: firstSequenceOf(each, content, read.at(-1)),
    });
    const end = isLast
      ? { address: mark.durable, sequence: mark.sequence }
      : { address: next.header.base, sequence: next.header.firstSequence - 1 };
    const scan = scanSegment({
      segment: content,
      salt: segment.salt,
      from: segmentHeaderBytes,
      sequence: segment.firstSequence,
      must: { offset: offsetOf(segment, end.address), sequence: end.sequence },
      sealed: !isLast,
      onRecord: (offset) => options.onRecord(content, offset, segment.base + offset - segmentHeaderBytes),
    });
    for (const hole of scan.holes) damages.push(damageOf(segment, hole, each.sizeBytes));
    const isWanted = scan.holes.length > 0 || !each.intact || (isLast && scan.end > offsetOf(segment, end.address));
    read.push({ segment, found: each, scan, bytes: isWanted ? bytesOf(Buffer.from(content.bytes)) : undefined });
  }
  return read;
}

/** The whole file, in memory that is used again for the next one. */
async function readFile({ files }: JournalGround, found: FoundSegment, memory: Buffer): Promise<Bytes> {
  const bytes = memory.subarray(0, found.sizeBytes);
  if (found.sizeBytes === 0) return bytesOf(bytes);
  const file = await files.open(found.path, "read");
  try {
    return bytesOf(bytes.subarray(0, await file.read(bytes, 0)));
  } finally {
    await file.close();
  }
}

/** The header knows, or the segment before, or the first record. */
function firstSequenceOf({ header }: FoundSegment, content: Bytes, before: ReadSegment | undefined): number {
  if (!Number.isNaN(header.firstSequence)) return header.firstSequence;
  if (before !== undefined) return before.scan.sequence + 1;
  const at = segmentHeaderBytes;
  const known = looksLikeRecord(content.view, at, content.bytes.length) && isIntact(content, at, header.salt);
  return known ? sequenceAt(content.view, at) : 1;
}

function damageOf(segment: Segment, { at, sequence, lost }: Scan["holes"][number], sizeBytes: number): Damage {
  const what = at >= sizeBytes ? "the end of the file is missing" : "what is here is not what was written";
  return { path: segment.path, offset: at, what, sequence, lost };
}

/** Refuses damage, or repairs it (2). */
async function settle(
  options: OpenJournalOptions,
  damages: readonly Damage[],
  read: readonly ReadSegment[],
): Promise<void> {
  if (!options.repair) throw damagedError(damages);
  for (const damage of damages)
    options.log.error("the journal is damaged and is repaired", { damage: describeDamage(damage) });
  for (const { segment, found, scan, bytes } of read) {
    if (bytes === undefined || (scan.holes.length === 0 && found.intact)) continue;
    await replaceSegment(options, segment, { damaged: bytes, whole: filled(bytes, scan.holes, segment.salt) });
  }
}

interface Beginning {
  readonly markFile: MarkFile;
  readonly mark: Mark;
  readonly read: readonly ReadSegment[];
}

/** Goes on in the last segment, or in a new one when something is to be written again (3). */
async function begin(options: OpenJournalOptions, { markFile, mark, read }: Beginning): Promise<Journal> {
  const segments = read.map(({ segment }) => segment);
  const last = read.at(-1) as ReadSegment;
  const durableAt = offsetOf(last.segment, mark.durable);
  let now: Mark = { ...mark, salt: last.segment.salt };
  if (last.scan.end > durableAt) {
    const records = filled(last.bytes as Bytes, last.scan.holes, last.segment.salt);
    const again = await writeAgain(options, last.segment, { records, from: durableAt, end: last.scan.end, mark });
    segments.push(again);
    const durable = mark.durable + last.scan.end - durableAt;
    now = { ...mark, current: again.number, salt: again.salt, durable, sequence: last.scan.sequence };
  }
  const file = await options.files.open((segments.at(-1) as Segment).path, "change");
  await markFile.settle(now);
  // After the mark: until then the old place is the only one that counts.
  await cut(options, last, durableAt);
  return new Journal(options, { markFile, mark: now, segments, file });
}

interface Again {
  readonly records: Bytes;
  readonly from: number;
  readonly end: number;
  readonly mark: Mark;
}

async function writeAgain(
  options: OpenJournalOptions,
  last: Segment,
  { records, from, end, mark }: Again,
): Promise<Segment> {
  const segment = segmentOf(options.folder, {
    number: last.number + 1,
    base: mark.durable,
    firstSequence: mark.sequence + 1,
    salt: newSalt(options.random),
    previousSalt: last.salt,
    journal: last.journal,
    begunMs: options.clock.wallMs(),
    snapshot: false,
  });
  for (let at = from; at < end; at += padded(lengthAt(records.view, at))) saltRecord(records, at, segment.salt);
  await createSegment(options.files, segment, [records.bytes.subarray(from, end)]);
  return segment;
}

/** Cuts off what was torn, and what was written again. */
async function cut({ files }: JournalGround, { segment }: ReadSegment, durableAt: number): Promise<void> {
  const file = await files.open(segment.path, "change");
  try {
    if ((await file.size()) <= durableAt) return;
    await file.truncate(durableAt);
    await file.sync();
  } finally {
    await file.close();
  }
}
