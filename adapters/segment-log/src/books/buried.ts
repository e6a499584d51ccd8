/**
 * The dead letters of one source. A letter is one record: message, failures, when. What is redriven stays where it is and is
 * delivered from there, under a number of its own (`redrivenFrom` and its serial); when that is finished, the letter is gone.
 *
 * The serial of a letter is the sequence of the record that it was first written with: no two ever have the same.
 */
import type { DeadLetter } from "@cantle/messaging";
import type { Batch } from "../journal/batch.ts";
import type { Found } from "../journal/reader.ts";
import { kinds } from "../journal/record.ts";
import {
  type Body,
  type BuriedEntry,
  bodyAt,
  type Copied,
  markBuriedAgain,
  type Placed,
  readBuried,
  readBuriedFailures,
  writeAgain,
  writeBare,
  writeBuried,
  writeEnded,
} from "./entries.ts";
import type { Ground } from "./ground.ts";
import { placedMessage, readMessage } from "./message-record.ts";

/** Numbers of redriven messages begin here: above all that channels ever reach, below what 48 bits hold. */
export const redrivenFrom = 2 ** 47;

/** A dead letter. */
export interface Letter extends Placed {
  readonly timeMs: number;
  readonly redriven: boolean;
  /** The lane of its key. */
  readonly lane: number;
}

/** The dead letters of one source. */
export class Buried {
  readonly #ground: Ground;
  readonly #source: number;
  readonly #letters = new Map<number, Letter>();

  constructor(ground: Ground, source: number) {
    this.#ground = ground;
    this.#source = source;
  }

  /** How many there are, redriven ones aside. */
  get count(): number {
    let count = 0;
    for (const { redriven } of this.#letters.values()) if (!redriven) count += 1;
    return count;
  }

  /** True when there is nothing, not even what is redriven. */
  get isEmpty(): boolean {
    return this.#letters.size === 0;
  }

  at(serial: number): Letter | undefined {
    return this.#letters.get(serial);
  }

  /** The serials of those that are redriven or not, ascending. */
  serials(redriven: boolean): number[] {
    const all = [...this.#letters].filter(([, letter]) => letter.redriven === redriven).map(([serial]) => serial);
    return all.sort((a, b) => a - b);
  }

  /** Writes a letter. Resolves when it is durable. `again`: the number under which it was redriven, when it was a letter before. */
  noteBurial(entry: Omit<BuriedEntry, "buriedMs">, again: number | undefined): Promise<void> {
    let [serial, placed]: [number, Placed?] = [0];
    return this.#ground.commits.note({
      encode: (batch) => {
        if (again !== undefined) writeEnded(batch, this.#source, [again]);
        serial = batch.sequence;
        const head = { source: this.#source, ordinal: serial };
        placed = writeBuried(batch, head, { ...entry, buriedMs: batch.timeMs });
      },
      committed: ({ timeMs }) => {
        const { lane } = placedMessage(entry.body, 0, 0);
        this.put(serial, { ...(placed as Placed), timeMs, redriven: false, lane });
      },
    });
  }

  /** Redrives a letter; false when it is not there. `committed` is called when it may be delivered. */
  async noteRedriven(serial: number, committed: () => void): Promise<boolean> {
    const letter = this.#letters.get(serial);
    if (letter === undefined || letter.redriven) return false;
    this.redriven(serial);
    const head = { kind: kinds.redriven, source: this.#source, ordinal: serial };
    await this.#ground.commits.note({ encode: (batch) => void writeBare(batch, head), committed });
    return true;
  }

  /** Removes a letter; false when it is not there. */
  async noteRemoved(serial: number): Promise<boolean> {
    const letter = this.#letters.get(serial);
    if (letter === undefined || letter.redriven) return false;
    this.remove(serial);
    const head = { kind: kinds.removed, source: this.#source, ordinal: serial };
    await this.#ground.commits.note({ encode: (batch) => void writeBare(batch, head), committed: () => {} });
    return true;
  }

  /** A letter is there, or elsewhere than it was. */
  put(serial: number, letter: Letter): void {
    this.remove(serial);
    this.#letters.set(serial, letter);
    this.#ground.live(letter.address, letter.size);
  }

  redriven(serial: number): void {
    const letter = this.#letters.get(serial);
    if (letter !== undefined) this.#letters.set(serial, { ...letter, redriven: true });
  }

  /** Where all of it is. */
  *places(): IterableIterator<Placed> {
    yield* this.#letters.values();
  }

  remove(serial: number): void {
    const letter = this.#letters.get(serial);
    if (letter === undefined) return;
    this.#letters.delete(serial);
    this.#ground.live(letter.address, -letter.size);
  }

  /** Appends the record at an address again, if it is still needed; answers with what to do when that is durable. */
  copy(batch: Batch, serial: number, copied: Copied): (() => void) | undefined {
    const letter = this.#letters.get(serial);
    if (letter?.address !== copied.address) return undefined;
    const placed = writeAgain(batch, copied, (view, at) => markBuriedAgain(view, at, letter.redriven));
    return () => {
      const now = this.#letters.get(serial);
      if (now !== undefined) this.put(serial, { ...now, ...placed });
    };
  }
}

/** A letter as a record says it that is read at the start. */
export function letterOf(body: Body, placed: Placed): Letter {
  const { redriven, body: message, buriedMs } = readBuried(body);
  const { lane } = placedMessage(message, placed.address, placed.size);
  return { ...placed, timeMs: buriedMs, redriven, lane };
}

/** A letter as its reader sees it. */
export function deadLetterOf(serial: number, record: Found, size: number): DeadLetter {
  const body = bodyAt(record, record.at, size);
  const { number, attempts, body: message, buriedMs } = readBuried(body);
  return {
    id: String(serial),
    message: readMessage(message, String(number)),
    attempts,
    failures: readBuriedFailures(body),
    at: new Date(buriedMs).toISOString(),
  };
}
