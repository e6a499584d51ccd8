/**
 * Giving up old segments, from the front only.
 *
 *     oldest segment ── nothing in it is needed ─────────────────────────▶ gone
 *                   └─ more is dead than alive ──▶ what lives is appended again ──▶ gone
 *
 * 1. A segment goes when everything that it said is durable elsewhere, or was finished durably; so it may be cut off anywhere.
 * 2. What follows must begin with a snapshot: then no name and no position is lost with what goes.
 * 3. All of the journal is at most twice what lives, and a few segments; so each byte that lives is copied about once for each byte that died.
 */
import { CantleError } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { Books } from "./books/books.ts";
import type { Copied } from "./books/entries.ts";
import type { Commits } from "./commits.ts";
import type { Batch } from "./journal/batch.ts";
import type { Files, OpenFile } from "./journal/files.ts";
import type { Journal } from "./journal/journal.ts";
import {
  type Bytes,
  bytesOf,
  isIntact,
  kindAt,
  kinds,
  lengthAt,
  looksLikeRecord,
  ordinalAt,
  padded,
  sourceAt,
} from "./journal/record.ts";
import type { Segment } from "./journal/segment.ts";
import { segmentHeaderBytes } from "./journal/segment-header.ts";

/** How much is looked through at a time. */
const windowBytes = 1024 * 1024;

/** What cleaning needs. */
export interface CleaningGround {
  readonly books: Books;
  readonly journal: Journal;
  readonly commits: Commits;
  readonly files: Files;
  readonly log: Logger;
  readonly segmentBytes: number;
}

/** Gives up what can be given up now. Throws when nothing is written any more. */
export async function clean(ground: CleaningGround): Promise<void> {
  for (let front = frontOf(ground); front.length > 0; front = frontOf(ground)) {
    for (const segment of front) await copyLiving(ground, segment);
    // What was finished in memory is finished on disk after this (1).
    await ground.commits.note({ encode: () => {}, committed: () => {} });
    for (const _segment of front) await ground.journal.dropOldest();
  }
}

/** The segments that are worth giving up, together; none when there are none. */
function frontOf({ journal, segmentBytes }: CleaningGround): readonly Segment[] {
  const { segments } = journal;
  const next = segments.findIndex(({ snapshot }, index) => index > 0 && snapshot);
  if (next < 0) return [];
  const front = segments.slice(0, next);
  const liveBytes = segments.reduce((sum, each) => sum + each.liveBytes, 0);
  const deadBytes = journal.durable - (segments[0] as Segment).base - liveBytes;
  const isDead = front.every((segment) => segment.liveBytes === 0);
  return isDead || deadBytes > liveBytes + 2 * segmentBytes ? front : [];
}

/** Appends again what lives in a segment. */
async function copyLiving({ books, journal, commits, files }: CleaningGround, segment: Segment): Promise<void> {
  const next = journal.segments[journal.segments.indexOf(segment) + 1] as Segment;
  const end = next.base - segment.base;
  const file = await files.open(segment.path, "read");
  try {
    for (let from = 0; from < end && segment.liveBytes > 0; ) {
      const window = await readWindow(file, { segment, from, end });
      await commits.note(copying(books, window.bytes, { start: segment.base + from, length: window.length }));
      from += window.length;
    }
  } finally {
    await file.close();
  }
}

interface Window {
  readonly bytes: Bytes;
  /** How much of it is whole records. */
  readonly length: number;
}

/** Throws `DATA_DAMAGED`: what was damaged since the start is not written again as if it were whole. */
async function readWindow(
  file: OpenFile,
  { segment, from, end }: { segment: Segment; from: number; end: number },
): Promise<Window> {
  for (let size = windowBytes; ; size *= 2) {
    const bytes = bytesOf(Buffer.allocUnsafeSlow(Math.min(size, end - from)));
    await file.read(bytes.bytes, segmentHeaderBytes + from);
    const length = intactBytes(bytes, segment.salt);
    if (length > 0) return { bytes, length };
    if (size >= end - from || looksLikeRecord(bytes.view, 0, bytes.bytes.length))
      throw new CantleError("DATA_DAMAGED", "an old message of the broker cannot be read back from the disk", {
        place: `${segment.path}:${segmentHeaderBytes + from}`,
        help: "look at the disk; starting the broker again says what is damaged and what can be done",
      });
  }
}

/** How many bytes are whole records, from the beginning. */
function intactBytes(bytes: Bytes, salt: number): number {
  const end = bytes.bytes.length;
  let length = 0;
  while (looksLikeRecord(bytes.view, length, end) && isIntact(bytes, length, salt))
    length += padded(lengthAt(bytes.view, length));
  return length;
}

/** A note that appends again what lives in a window; what that is, is asked when it is written. */
function copying(books: Books, { bytes, view }: Bytes, { start, length }: { start: number; length: number }) {
  let placed: (() => void)[] = [];
  return {
    encode(batch: Batch) {
      placed = [];
      for (let at = 0; at < length; at += padded(lengthAt(view, at))) {
        const record = { bytes, view, at };
        const done = copyOne(books, batch, { record, address: start + at, size: lengthAt(view, at) });
        if (done !== undefined) placed.push(done);
      }
    },
    committed() {
      for (const done of placed) done();
    },
  };
}

function copyOne(books: Books, batch: Batch, copied: Copied): (() => void) | undefined {
  const { view, at } = copied.record;
  const [source, ordinal] = [sourceAt(view, at), ordinalAt(view, at)];
  switch (kindAt(view, at)) {
    case kinds.message:
      return books.channels.get(source)?.copy(batch, ordinal, copied);
    case kinds.tried:
      return books.sources.get(source)?.attempts.copy(batch, ordinal, copied);
    case kinds.buried:
      return books.sources.get(source)?.buried.copy(batch, ordinal, copied);
    default:
      return undefined;
  }
}
