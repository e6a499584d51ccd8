/** The mark of a journal that is being opened; with the first segment, where there is no journal yet. */
import { join } from "node:path";
import { CantleError } from "@cantle/core";
import type { Damage } from "./damage.ts";
import { peekHeader, segmentNumbers } from "./found-segments.ts";
import { type JournalGround, markPath, newSalt } from "./journal.ts";
import type { Mark, MarkFile } from "./mark.ts";
import { createSegment, segmentOf } from "./segment.ts";
import { segmentName } from "./segment-header.ts";

/** Reads the mark. One that cannot be read, where there are segments, is damage, and is guessed. Throws `DATA_NEWER`. */
export async function readMark(markFile: MarkFile, ground: JournalGround, damages: Damage[]): Promise<Mark> {
  const found = await markFile.read();
  const path = markPath(ground.folder);
  if (found.kind === "newer") throw newerError(path, found.version);
  const numbers = await segmentNumbers(ground.files, ground.folder);
  if (found.kind !== "mark" && numbers.length > 0) {
    damages.push({ path, what: found.kind === "empty" ? "the mark is missing" : "the mark is damaged", lost: 0 });
    return guessMark(ground, numbers);
  }
  const mark = found.kind === "mark" ? found.mark : await makeMark(markFile, ground);
  // The mark comes first: without segments it was cut off here, or is new.
  if (mark.sequence === 0 && numbers.length === 0) await makeFirst(ground, mark);
  return mark;
}

async function makeMark(markFile: MarkFile, { files, folder, random }: JournalGround): Promise<Mark> {
  const mark = { journal: random.hex(16), oldest: 1, current: 1, salt: newSalt(random), durable: 0, sequence: 0 };
  await markFile.settle(mark);
  await files.syncFolder(folder);
  return mark;
}

async function makeFirst({ files, folder, clock }: JournalGround, { journal, salt }: Mark): Promise<void> {
  const header = { number: 1, base: 0, firstSequence: 1, salt, previousSalt: 0, journal, begunMs: clock.wallMs() };
  await createSegment(files, segmentOf(folder, { ...header, snapshot: true }), []);
}

/** A mark that believes in every segment, and that of the last one nothing was durable for sure. */
async function guessMark({ files, folder }: JournalGround, numbers: readonly number[]): Promise<Mark> {
  const headers = await Promise.all(numbers.map((number) => peekHeader(files, join(folder, segmentName(number)))));
  const last = headers.at(-1);
  return {
    journal: headers.find((header) => header !== undefined)?.journal ?? "",
    oldest: numbers[0] as number,
    current: numbers.at(-1) as number,
    salt: last?.salt ?? 0,
    durable: last?.base ?? 0,
    sequence: (last?.firstSequence ?? 1) - 1,
  };
}

function newerError(place: string, version: number): CantleError {
  return new CantleError("DATA_NEWER", `the journal of the broker has format ${version}`, {
    place,
    help: "start the version of Cantle that wrote it, or a newer one",
  });
}
