/** The port of queues on JetStream: one stream for all, from which a message leaves when it is acked. */
import type { Message } from "@cantle/contract";
import {
  checkChannelName,
  checkMessages,
  type DeadLetterSource,
  type Queue,
  type QueueFacts,
  type StoredMessage,
} from "@cantle/messaging";
import { Attempts } from "./attempts.ts";
import { headersOf } from "./cloud-event.ts";
import { answerMs, type Connection } from "./connection.ts";
import { translated } from "./errors.ts";
import { type QueueLane, queueLanes } from "./names.ts";
import { Puller } from "./pull.ts";
import { openConsumers } from "./queue-consumers.ts";
import { queueFacts } from "./queue-facts.ts";
import { QueueWork } from "./queue-work.ts";
import { messagesAfter, storedMessageOf } from "./stored.ts";

const recordsMax = 10_000;
const requestMax = 256;
const lanes: readonly QueueLane[] = [...queueLanes, "later"];

/** Queues of one broker. */
export class NatsQueue implements Queue {
  readonly #connection: Connection;
  readonly #messageBytesMax: number;
  readonly #attempts: Attempts;
  readonly #work = new Map<string, Promise<QueueWork>>();

  constructor(connection: Connection, options: { readonly messageBytesMax: number }) {
    this.#connection = connection;
    this.#messageBytesMax = options.messageBytesMax;
    this.#attempts = new Attempts(connection);
  }

  send: Queue["send"] = async (queue, messages) => {
    checkChannelName(queue);
    checkMessages(messages, this.#messageBytesMax);
    this.#connection.assertOpen();
    const { names, clock } = this.#connection;
    const nowMs = clock.wallMs();
    await translated(() =>
      this.#connection.publisher.publish(messages.length, (index) => {
        const message = messages[index] as Message;
        const subject = names.queueSubject(queue, laneOf(message, nowMs));
        return { subject, headers: headersOf(message, queue, `${queue}:${message.id}`), data: message.data };
      }),
    );
  };

  consume: Queue["consume"] = async (queue, options) => {
    this.#check(queue);
    return translated(async () => {
      const work = await this.#workOn(queue, options.leaseMs);
      const consumption = work.consume(options);
      return {
        pause: () => consumption.pause(),
        stop: async () => {
          await consumption.stop();
          if (work.workerCount > 0 || (await this.#work.get(queue)) !== work) return;
          this.#work.delete(queue);
          await work.close();
        },
      };
    });
  };

  peek: Queue["peek"] = async (queue, max) => {
    this.#check(queue);
    return translated(async () => {
      const found: StoredMessage[] = [];
      for (const lane of lanes) {
        const from = {
          sequence: 0,
          subject: this.#connection.names.queueSubject(queue, lane),
          max: max - found.length,
        };
        if (from.max <= 0) break;
        const messages = await messagesAfter(this.#connection, this.#connection.names.queues, from);
        found.push(...messages.map(storedMessageOf));
      }
      return found;
    });
  };

  purge: Queue["purge"] = async (queue) => {
    this.#check(queue);
    return translated(async () => {
      const { jsm, names } = this.#connection;
      // Nobody ever holds what is there for later, but for the moment in which it is moved.
      const later = await jsm.streams.purge(names.queues, { filter: names.queueSubject(queue, "later") });
      await openConsumers(this.#connection, queue, answerMs);
      let count = later.purged;
      for (const lane of queueLanes) count += await this.#drain(queue, lane);
      return count + (await this.#removeBackingOff(queue));
    });
  };

  queues: Queue["queues"] = async (): Promise<readonly QueueFacts[]> => {
    this.#connection.assertOpen();
    return translated(() => queueFacts(this.#connection, this.#attempts));
  };

  /** Gives everything back. */
  async close(): Promise<void> {
    const all = await Promise.allSettled(this.#work.values());
    this.#work.clear();
    await Promise.all(all.map((each) => (each.status === "fulfilled" ? each.value.close() : undefined)));
  }

  #check(queue: string): void {
    checkChannelName(queue);
    this.#connection.assertOpen();
  }

  async #workOn(queue: string, leaseMs: number): Promise<QueueWork> {
    const known = this.#work.get(queue);
    if (known !== undefined) return known;
    const made = openConsumers(this.#connection, queue, leaseMs).then(
      (consumers) => new QueueWork(this.#connection, { queue, attempts: this.#attempts, consumers }),
    );
    this.#work.set(queue, made);
    made.catch(() => this.#work.delete(queue));
    return made;
  }

  /** Takes everything that could be delivered now, and drops it. */
  async #drain(queue: string, lane: QueueLane): Promise<number> {
    const { names, asker } = this.#connection;
    const dropped: Promise<unknown>[] = [];
    let count = 0;
    const onMessage = ({ reply }: { readonly reply: string }) => {
      count += 1;
      dropped.push(asker.ask(reply, "+ACK"));
    };
    const consumer = names.queueConsumer(queue, lane);
    const puller = new Puller(this.#connection, { stream: names.queues, consumer, onMessage });
    try {
      while ((await puller.pull({ messagesMax: requestMax })) === "filled") await Promise.all(dropped.splice(0));
      await Promise.all(dropped);
    } finally {
      puller.close();
    }
    return count;
  }

  /** Removes what failed before and waits for its next attempt. */
  async #removeBackingOff(queue: string): Promise<number> {
    const { jsm, names, clock } = this.#connection;
    const source: DeadLetterSource = { kind: "queue", name: queue };
    let count = 0;
    for (const { sequence, untilMs } of await this.#attempts.list(source, recordsMax)) {
      if (untilMs <= clock.wallMs()) continue;
      const removed = await jsm.streams.deleteMessage(names.queues, sequence, false).catch(() => false);
      if (removed) count += 1;
      await this.#attempts.remove(source, sequence);
    }
    return count;
  }
}

function laneOf({ notBefore, priority }: Message, nowMs: number): QueueLane {
  if (notBefore !== undefined && Date.parse(notBefore) > nowMs) return "later";
  return priority ?? "normal";
}
