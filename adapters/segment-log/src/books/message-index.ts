/**
 * Where each message of a channel is: 32 bytes for each, in pages. Numbers of messages only grow, so a page is a stretch of
 * numbers; those whose messages are gone are dropped, and those with a few left are packed, so that one message that waits for a year
 * holds on to nothing but itself.
 */
import type { Rank } from "@cantle/messaging";

/** What is known of a message without reading it. */
export interface Entry {
  readonly address: number;
  /** Length of its record. */
  readonly size: number;
  readonly rank: Rank;
  /** The lane of its key; for queues the wall time before which it is not given. */
  readonly lane: number;
  /** When it was stored, wall time. */
  readonly timeMs: number;
}

interface Page {
  /** The numbers from `base` to `base + capacity`. */
  readonly base: number;
  readonly capacity: number;
  /** Address, size * 4 + rank, lane, time; an address of -1 where there is none. */
  rows: Float64Array;
  /** The numbers of the rows, when it is packed. */
  packed: Float64Array | undefined;
  count: number;
}

const width = 4;
const capacityMin = 16;
const capacityMax = 1024;
/** A page is packed when one in so many is left. */
const packShare = 8;
const noAddress = -1;

/** How many messages all channels have together. */
export interface Tally {
  messages: number;
}

/** The messages of a channel. */
export class MessageIndex {
  readonly #tally: Tally;
  #pages: Page[] = [];
  #count = 0;
  #bytes = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of all their records. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The lowest number; undefined when there is none. */
  get first(): number | undefined {
    return this.numbers().next().value ?? undefined;
  }

  has(number: number): boolean {
    return this.#find(number) !== undefined;
  }

  at(number: number): Entry | undefined {
    const found = this.#find(number);
    if (found === undefined) return undefined;
    const { rows, row } = found;
    const sized = rows[row + 1] as number;
    return {
      address: rows[row] as number,
      size: Math.floor(sized / 4),
      rank: (sized % 4) as Rank,
      lane: rows[row + 2] as number,
      timeMs: rows[row + 3] as number,
    };
  }

  /** Adds a message, or says that it is elsewhere now. */
  put(number: number, { address, size, rank, lane, timeMs }: Entry): void {
    const before = this.#find(number);
    const { rows, row } = before ?? this.#newRow(number);
    if (before !== undefined) this.#bytes -= Math.floor((rows[row + 1] as number) / 4);
    rows[row] = address;
    rows[row + 1] = size * 4 + rank;
    rows[row + 2] = lane;
    rows[row + 3] = timeMs;
    this.#bytes += size;
  }

  /** Removes a message; answers with what was known of it. */
  remove(number: number): Entry | undefined {
    const entry = this.at(number);
    if (entry === undefined) return undefined;
    const at = this.#pageAt(number);
    const page = this.#pages[at] as Page;
    page.rows[rowOf(page, number)] = noAddress;
    page.count -= 1;
    this.#count -= 1;
    this.#tally.messages -= 1;
    this.#bytes -= entry.size;
    const isLast = at === this.#pages.length - 1;
    if (page.count === 0 && !isLast) this.#pages.splice(at, 1);
    else if (!isLast && page.count * packShare <= page.rows.length / width) pack(page);
    return entry;
  }

  /** The numbers, ascending. What is removed meanwhile may be left out or not. */
  *numbers(): Generator<number, void, unknown> {
    for (const page of [...this.#pages]) {
      for (let index = 0; index < page.rows.length / width; index++) {
        if (page.rows[index * width] !== noAddress) yield page.packed?.[index] ?? page.base + index;
      }
    }
  }

  #find(number: number): { rows: Float64Array; row: number } | undefined {
    const page = this.#pages[this.#pageAt(number)];
    if (page === undefined) return undefined;
    const row = rowOf(page, number);
    return row < 0 || page.rows[row] === noAddress ? undefined : { rows: page.rows, row };
  }

  /** The index of the page that has a number; -1 when none does. */
  #pageAt(number: number): number {
    const pages = this.#pages;
    let [low, high] = [0, pages.length - 1];
    const last = pages[high];
    if (last !== undefined && number >= last.base) low = high;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const page = pages[middle] as Page;
      if (number < page.base) high = middle - 1;
      else if (number >= page.base + page.capacity) low = middle + 1;
      else return middle;
    }
    return -1;
  }

  #newRow(number: number): { rows: Float64Array; row: number } {
    this.#count += 1;
    this.#tally.messages += 1;
    let page = this.#pages[this.#pageAt(number)];
    if (page === undefined) page = this.#newPage(number);
    if (page.packed !== undefined) unpack(page);
    page.count += 1;
    return { rows: page.rows, row: (number - page.base) * width };
  }

  #newPage(number: number): Page {
    const last = this.#pages.at(-1);
    const next = this.#pages.findIndex(({ base }) => base > number);
    const isLast = next < 0;
    const capacity = isLast
      ? Math.min(capacityMax, Math.max(capacityMin, (last?.capacity ?? 0) * 2))
      : Math.min(capacityMin, (this.#pages[next] as Page).base - number);
    // An empty last page was only kept to know how large the next one should be.
    if (isLast && last?.count === 0) this.#pages.pop();
    const rows = new Float64Array(capacity * width).fill(noAddress);
    const page: Page = { base: number, capacity, rows, packed: undefined, count: 0 };
    if (isLast) this.#pages.push(page);
    else this.#pages.splice(next, 0, page);
    return page;
  }
}

/** The row of a number that a page covers; negative when it has none. */
function rowOf({ base, packed }: Page, number: number): number {
  if (packed === undefined) return (number - base) * width;
  return packed.indexOf(number) * width;
}

function pack(page: Page): void {
  const rows = new Float64Array(page.count * width);
  const packed = new Float64Array(page.count);
  let to = 0;
  for (let from = 0; from < page.rows.length / width; from++) {
    if (page.rows[from * width] === noAddress) continue;
    rows.set(page.rows.subarray(from * width, (from + 1) * width), to * width);
    packed[to++] = page.packed?.[from] ?? page.base + from;
  }
  page.rows = rows;
  page.packed = packed;
}

function unpack(page: Page): void {
  const rows = new Float64Array(page.capacity * width).fill(noAddress);
  for (const [index, number] of (page.packed as Float64Array).entries())
    rows.set(page.rows.subarray(index * width, (index + 1) * width), (number - page.base) * width);
  page.rows = rows;
  page.packed = undefined;
}
