/**
 * Caller assertions, sent once. An assertion is some 500 bytes and the same user calls again and again, so each gets one of 256
 * numbered slots of the connection, and while it keeps it only the number travels. The serving end then meets the very same
 * string each time, and whoever looks up what it says need not hash it again.
 */
import type { Cursor } from "./cursor.ts";
import { invalidFrame } from "./frame.ts";

const slotsMax = 256;

/** The dialling end: which assertion is in which slot. */
export class CallerSlots {
  readonly #slotOf = new Map<string, number>();
  readonly #texts: string[] = [];
  #next = 0;

  /** The slot that has this assertion on the other side too, or undefined. */
  find(assertion: string): number | undefined {
    return this.#slotOf.get(assertion);
  }

  /** The slot that the next new assertion goes into. */
  get next(): number {
    return this.#next;
  }

  /** The assertion was sent for the next slot; the oldest makes way. */
  put(assertion: string): void {
    const oldest = this.#texts[this.#next];
    if (oldest !== undefined) this.#slotOf.delete(oldest);
    this.#texts[this.#next] = assertion;
    this.#slotOf.set(assertion, this.#next);
    this.#next = (this.#next + 1) % slotsMax;
  }
}

/** The serving end: reads a slot and its assertion, which is empty when the slot has it. */
export function readCaller(cursor: Cursor, slots: (string | undefined)[]): string {
  const slot = cursor.u8();
  const text = cursor.text16();
  if (text !== "") slots[slot] = text;
  return slots[slot] ?? emptySlot();
}

function emptySlot(): never {
  throw invalidFrame("a call names a caller that was never sent");
}
