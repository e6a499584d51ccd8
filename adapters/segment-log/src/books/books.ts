/** All topics, groups and queues of a broker, by name and by number; and how they are written at the beginning of a segment. */
import type { Channel } from "@cantle/contract";
import { CantleError } from "@cantle/core";
import type { DeadLetterSource, StartAt } from "@cantle/messaging";
import type { Batch } from "../journal/batch.ts";
import type { ChannelBooks } from "./channel.ts";
import type { Placed } from "./entries.ts";
import type { Ground } from "./ground.ts";
import { Group } from "./group.ts";
import { WorkQueue } from "./queue.ts";
import type { Source } from "./source.ts";
import { Topic } from "./topic.ts";

/** The books of a broker. */
export class Books {
  readonly ground: Ground;
  readonly topics = new Map<string, Topic>();
  readonly queues = new Map<string, WorkQueue>();
  readonly channels = new Map<number, ChannelBooks>();
  readonly sources = new Map<number, Source>();
  /** By topic and name; also those that are forgotten. */
  readonly #groups = new Map<string, Group>();
  #lastNumber = 0;

  constructor(ground: Ground) {
    this.ground = ground;
  }

  /** A topic, made if there is none. Throws `BROKER_FULL`. */
  topic(name: string): Topic {
    const known = this.topics.get(name);
    if (known !== undefined) return known;
    const topic = this.addChannel({ kind: "topic", name }, { number: this.#newNumber(), next: 1 }) as Topic;
    this.#note(topic);
    return topic;
  }

  /** A queue, made if there is none. Throws `BROKER_FULL`. */
  queue(name: string): WorkQueue {
    const known = this.queues.get(name);
    if (known !== undefined) return known;
    const queue = this.addChannel({ kind: "queue", name }, { number: this.#newNumber(), next: 1 }) as WorkQueue;
    this.#note(queue);
    return queue;
  }

  /** A group, made if there is none. Resolves when that is durable. */
  async group(topicName: string, name: string, from: StartAt): Promise<Group> {
    const topic = this.topic(topicName);
    const known = this.#groups.get(keyOf(topic, name));
    if (known?.active) return known;
    const floor = topic.numberAt(from);
    const group = known ?? this.addGroup(topic, { number: this.#newNumber(), name, floor });
    group.active = true;
    await group.seek(floor);
    return group;
  }

  /** Ends a group; nothing happens where there is none. */
  async forget(topicName: string, name: string): Promise<void> {
    const topic = this.topics.get(topicName);
    const group = topic && this.#groups.get(keyOf(topic, name));
    if (group?.active) await group.forget();
  }

  /** Where dead letters of a source are; undefined when there is no such source. */
  source({ kind, name, group }: DeadLetterSource): Source | undefined {
    if (kind === "queue") return this.queues.get(name)?.work;
    const topic = this.topics.get(name);
    return topic && this.#groups.get(keyOf(topic, group ?? ""));
  }

  /** A channel that is known from now on. */
  addChannel({ kind, name }: Channel, { number, next }: { number: number; next: number }): ChannelBooks {
    this.#lastNumber = Math.max(this.#lastNumber, number);
    const start = { number, name, next };
    const channel = kind === "topic" ? new Topic(this.ground, start) : new WorkQueue(this.ground, start);
    this.channels.set(number, channel);
    if (channel instanceof Topic) this.topics.set(name, channel);
    else {
      this.queues.set(name, channel);
      this.sources.set(number, channel.work);
    }
    return channel;
  }

  /** A channel has this name. */
  rename(channel: ChannelBooks, name: string): void {
    if (channel.name === name) return;
    const byName: Map<string, ChannelBooks> = channel.kind === "topic" ? this.topics : this.queues;
    byName.delete(channel.name);
    channel.name = name;
    byName.set(name, channel);
  }

  /** A group that is known from now on. */
  addGroup(topic: Topic, { number, name, floor }: { number: number; name: string; floor: number }): Group {
    this.#lastNumber = Math.max(this.#lastNumber, number);
    const group = new Group(this.ground, { number, topic, name, floor });
    this.sources.set(number, group);
    this.#groups.set(keyOf(topic, name), group);
    return group;
  }

  /** Writes all names and positions. */
  snapshot(batch: Batch): void {
    for (const channel of this.channels.values()) channel.write(batch);
    for (const source of this.sources.values())
      if (source instanceof Group && (source.active || !source.buried.isEmpty)) source.write(batch);
  }

  /** Where all that is needed is. */
  *places(): IterableIterator<Placed> {
    for (const channel of this.channels.values()) yield* channel.places();
    for (const source of this.sources.values()) {
      yield* source.attempts.places();
      yield* source.buried.places();
    }
  }

  #note(channel: ChannelBooks): void {
    // Nobody waits: it goes to the disk before the first message.
    this.ground.commits.note({ encode: (batch) => channel.write(batch), committed: () => {} }).catch(() => {});
  }

  #newNumber(): number {
    const { channelsMax } = this.ground.limits;
    // A queue is a channel and a source in one.
    if (this.topics.size + this.sources.size >= channelsMax)
      throw new CantleError("BROKER_FULL", "the broker has no room for another topic, queue or group", {
        notes: `channelsMax = ${channelsMax}`,
      });
    this.#lastNumber += 1;
    return this.#lastNumber;
  }
}

function keyOf({ number }: Topic, group: string): string {
  return `${number} ${group}`;
}
