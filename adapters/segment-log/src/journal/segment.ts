/** A segment of the journal: one file, with what is known of it. */
import { join } from "node:path";
import type { Files } from "./files.ts";
import { encodeSegmentHeader, type SegmentHeader, segmentHeaderBytes, segmentName } from "./segment-header.ts";

/** A segment. */
export interface Segment extends SegmentHeader {
  readonly path: string;
  /** Bytes of records in it that are still needed. */
  liveBytes: number;
}

/** The segment that a header is about. */
export function segmentOf(folder: string, header: SegmentHeader): Segment {
  return { ...header, path: join(folder, segmentName(header.number)), liveBytes: 0 };
}

/**
 * Makes the file of a segment with its first records in it. It has its name only when all of it is durable, so that a segment is
 * there as a whole or not at all.
 */
export async function createSegment(files: Files, segment: Segment, records: readonly Uint8Array[]): Promise<void> {
  const draft = `${segment.path}.new`;
  const file = await files.open(draft, "create");
  try {
    await file.write([encodeSegmentHeader(segment), ...records], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await files.rename(draft, segment.path);
  await files.syncFolder(join(segment.path, ".."));
}

/** The offset in its file of an address. */
export function offsetOf(segment: SegmentHeader, address: number): number {
  return address - segment.base + segmentHeaderBytes;
}

/** The segment that has an address: the last one that begins at it or before. */
export function segmentAt(segments: readonly Segment[], address: number): Segment {
  const last = segments.at(-1) as Segment;
  if (address >= last.base) return last;
  let [low, high] = [0, segments.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((segments[middle] as Segment).base <= address) low = middle;
    else high = middle - 1;
  }
  return segments[low] as Segment;
}
