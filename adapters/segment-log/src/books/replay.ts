/**
 * The books from the journal: what each record says, in the order in which it was written. Afterwards `settle` brings together what
 * could not be known before all was read.
 *
 * A message may come after what is said about it: it was appended again when its first segment was given up. So nothing is concluded
 * from a message that is not there until everything is read.
 */
import type { Channel } from "@cantle/contract";
import {
  type Bytes,
  type Kind,
  kindAt,
  kinds,
  lengthAt,
  ordinalAt,
  sequenceAt,
  sourceAt,
  timeMsAt,
} from "../journal/record.ts";
import type { RecentIds } from "../recent-ids.ts";
import type { Books } from "./books.ts";
import { letterOf } from "./buried.ts";
import type { ChannelBooks } from "./channel.ts";
import { type Body, bodyAt, readBuried, readChannel, readEnded, readGroup, readTried } from "./entries.ts";
import { Group } from "./group.ts";
import { channelKind, messageId, placedMessage } from "./message-record.ts";
import { Topic } from "./topic.ts";

/** Reads records into books. */
export class Replay {
  readonly #books: Books;
  readonly #ids: RecentIds;
  /** Messages that were stored after this moment are recent, … */
  readonly #recentMs: number;
  /** … when they are also among the last records: of the others the ids would be forgotten again at once. */
  #recentSequence = 0;

  constructor(books: Books, ids: RecentIds) {
    this.#books = books;
    this.#ids = ids;
    const { clock, limits } = books.ground;
    this.#recentMs = clock.wallMs() - limits.dedupWindowMs;
  }

  /** The last record will be this one, roughly. */
  expect(sequence: number): void {
    this.#recentSequence = sequence - 2 * this.#books.ground.limits.dedupIdsMax;
  }

  /** Takes a record. */
  take(record: Bytes, at: number, address: number): void {
    const { view } = record;
    const size = lengthAt(view, at);
    const read: Read = {
      sequence: sequenceAt(view, at),
      source: sourceAt(view, at),
      ordinal: ordinalAt(view, at),
      timeMs: timeMsAt(view, at),
      address,
      size,
      body: bodyAt(record, at, size),
    };
    this.#apply(kindAt(view, at), read);
  }

  /** Everything was read. */
  settle(): void {
    for (const topic of this.#books.topics.values()) topic.settle();
    for (const source of this.#books.sources.values()) source.attempts.keep((number) => source.has(number));
  }

  #apply(kind: Kind, read: Read): void {
    const source = this.#books.sources.get(read.source);
    switch (kind) {
      case kinds.batch:
      case kinds.gap:
        break;
      case kinds.channel:
        this.#channel(read);
        break;
      case kinds.message:
        this.#message(read);
        break;
      case kinds.group:
        this.#group(read);
        break;
      case kinds.forgotten:
        this.#forgotten(read);
        break;
      case kinds.ended:
        for (const number of readEnded(read.body)) source?.replayEnded(number);
        break;
      case kinds.tried:
        source?.attempts.replay(read.ordinal, readTried(read.body), read);
        break;
      case kinds.buried:
        this.#buried(read);
        break;
      case kinds.redriven:
        source?.buried.redriven(read.ordinal);
        break;
      case kinds.removed:
        source?.buried.remove(read.ordinal);
        break;
    }
  }

  #message({ sequence, source, ordinal, timeMs, address, size, body }: Read): void {
    const channel = this.#books.channels.get(source) ?? this.#nameless(source, channelKind(body));
    channel.replay(ordinal, placedMessage(body, address, size), timeMs);
    if (sequence > this.#recentSequence && timeMs > this.#recentMs)
      this.#ids.add(source, messageId(body), this.#books.ground.clock.nowMs());
  }

  /** Only after a repair: the record with its name is lost, what it holds is not. A later snapshot may know it. */
  #nameless(number: number, kind: Channel["kind"]): ChannelBooks {
    return this.#books.addChannel({ kind, name: `recovered.${kind}-${number}` }, { number, next: 1 });
  }

  #channel({ source, ordinal, body }: Read): void {
    const channel = this.#books.channels.get(source);
    if (channel === undefined) {
      this.#books.addChannel(readChannel(body), { number: source, next: ordinal });
      return;
    }
    channel.reach(ordinal);
    this.#books.rename(channel, readChannel(body).name);
  }

  #group({ sequence, source, ordinal, body }: Read): void {
    const { topic: topicNumber, name, afresh, active, doneFrom } = readGroup(body);
    const topic = this.#books.channels.get(topicNumber);
    if (!(topic instanceof Topic)) return;
    const known = this.#books.sources.get(source);
    const group =
      known instanceof Group ? known : this.#books.addGroup(topic, { number: source, name, floor: ordinal });
    group.place(ordinal);
    group.done.read(body.view, doneFrom, body.end);
    group.active = active;
    if (afresh) {
      group.attempts.clear();
      group.afreshSequence = sequence;
    }
  }

  #forgotten({ source }: Read): void {
    const group = this.#books.sources.get(source);
    if (!(group instanceof Group)) return;
    group.active = false;
    group.attempts.clear();
    group.done.clear();
  }

  #buried({ source, ordinal, address, size, body }: Read): void {
    const owner = this.#books.sources.get(source);
    if (owner === undefined) return;
    const { number, again } = readBuried(body);
    if (!again) owner.replayEnded(number);
    owner.buried.put(ordinal, letterOf(body, { address, size }));
  }
}

interface Read {
  readonly sequence: number;
  readonly source: number;
  readonly ordinal: number;
  readonly timeMs: number;
  readonly address: number;
  readonly size: number;
  readonly body: Body;
}
