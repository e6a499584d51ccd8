/**
 * Going on with what is intact: a damaged file is set aside in the folder `damaged`, and written again with a record in each hole
 * that says how much is lost there. Addresses stay what they were.
 */
import { basename, join } from "node:path";
import type { Clock } from "@cantle/core";
import type { Files } from "./files.ts";
import { type Bytes, bytesOf, headerBytes, kinds, sealRecord } from "./record.ts";
import type { Hole } from "./scan.ts";
import { createSegment, type Segment } from "./segment.ts";
import { segmentHeaderBytes } from "./segment-header.ts";

/** What a repair needs. */
export interface RepairGround {
  readonly files: Files;
  readonly folder: string;
  readonly clock: Clock;
}

/** The same bytes, with a record in each hole. */
export function filled(segment: Bytes, holes: readonly Hole[], salt: number): Bytes {
  const lengthBytes = Math.max(segment.bytes.length, ...holes.map(({ end }) => end));
  const whole = bytesOf(Buffer.alloc(lengthBytes));
  segment.bytes.copy(whole.bytes);
  for (const { at, end, sequence, lost } of holes) {
    const length = end - at;
    if (length < headerBytes) continue;
    whole.bytes.fill(0, at, end);
    sealRecord(whole, at, { kind: kinds.gap, source: 0, timeMs: 0, ordinal: lost, sequence, length, salt });
  }
  return whole;
}

/** Puts a repaired segment in the place of the damaged one, whose bytes are kept beside it. */
export async function replaceSegment(
  { files, folder, clock }: RepairGround,
  segment: Segment,
  { damaged, whole }: { damaged: Bytes; whole: Bytes },
): Promise<void> {
  const aside = join(folder, "damaged");
  await files.makeFolder(aside);
  const file = await files.open(join(aside, `${Math.floor(clock.wallMs())}-${basename(segment.path)}`), "create");
  try {
    await file.write([damaged.bytes], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await files.syncFolder(aside);
  // Takes the place of the damaged file at once: never is there none.
  await createSegment(files, segment, [whole.bytes.subarray(segmentHeaderBytes)]);
}
