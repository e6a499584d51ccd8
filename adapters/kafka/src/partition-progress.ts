/**
 * How far a group is in one partition, as a pure machine. Kafka keeps one number for it: everything before that offset is done. So
 * what is done behind something that is not has to wait; after a crash or a change of hands it comes again.
 */

/** Offsets from `next` on are not read yet; of those before, the open ones are not done. */
export class PartitionProgress {
  /** In ascending order, as they were read. */
  readonly #open = new Set<bigint>();
  #next: bigint;
  #committed: bigint;

  /** `committed` is what the group has written down; undefined when that is nothing yet. */
  constructor(from: bigint, committed: bigint | undefined) {
    this.#next = from;
    this.#committed = committed ?? -1n;
  }

  /** Where to read on. */
  get next(): bigint {
    return this.#next;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** This one was read and is to be done. */
  open(offset: bigint): void {
    this.#open.add(offset);
  }

  /** Everything before this offset was read. */
  readTo(next: bigint): void {
    if (next > this.#next) this.#next = next;
  }

  done(offset: bigint): void {
    this.#open.delete(offset);
  }

  /** What could be written down now; undefined when that is written already. */
  get due(): bigint | undefined {
    const [first = this.#next] = this.#open;
    return first > this.#committed ? first : undefined;
  }

  /** It is written down that everything before this offset is done. */
  committed(offset: bigint): void {
    if (offset > this.#committed) this.#committed = offset;
  }
}
