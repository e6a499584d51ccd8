/**
 * Publishing. One request is under way at a time, and everything that was asked for meanwhile goes into the next one: so order
 * stays as it was asked for, also when the client has to send again, and a busy broker sends few, large requests.
 */

import type { Outgoing } from "./cloud-event.ts";
import type { Connection } from "./connection.ts";

const messagesMax = 1_000;
/** Brokers take a megabyte in one go unless they are told otherwise. */
const bytesMax = 512 * 1024;

interface Waiting {
  readonly messages: readonly Outgoing[];
  readonly stored: PromiseWithResolvers<void>;
}

/** Publishes for one broker. */
export class Publisher {
  readonly #connection: Connection;
  #waiting: Waiting[] = [];
  #isSending = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Resolves when all copies that are in step have the messages. */
  async publish(messages: readonly Outgoing[]): Promise<void> {
    const stored: Promise<void>[] = [];
    for (const part of parts(messages)) {
      const waiting = { messages: part, stored: Promise.withResolvers<void>() };
      this.#waiting.push(waiting);
      stored.push(waiting.stored.promise);
    }
    if (!this.#isSending) void this.#send();
    await Promise.all(stored);
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    // What is published in the same turn goes out together.
    await undefined;
    while (this.#waiting.length > 0) {
      const together = this.#next();
      try {
        await this.#connection.producer.send({ messages: together.flatMap(({ messages }) => messages), acks: -1 });
        for (const { stored } of together) stored.resolve();
      } catch (error) {
        for (const { stored } of together) stored.reject(error);
      }
    }
    this.#isSending = false;
  }

  /** As many as fit into a request, at least one. */
  #next(): Waiting[] {
    let count = 0;
    let bytes = 0;
    let taken = 0;
    for (const { messages } of this.#waiting) {
      count += messages.length;
      bytes += messages.reduce((sum, message) => sum + bytesOf(message), 0);
      if (taken > 0 && (count > messagesMax || bytes > bytesMax)) break;
      taken += 1;
    }
    return this.#waiting.splice(0, taken);
  }
}

/** Cuts a batch into parts that fit into a request. */
function* parts(messages: readonly Outgoing[]): IterableIterator<readonly Outgoing[]> {
  let from = 0;
  let bytes = 0;
  for (const [index, message] of messages.entries()) {
    bytes += bytesOf(message);
    if (index === from || (index - from < messagesMax && bytes <= bytesMax)) continue;
    yield messages.slice(from, index);
    from = index;
    bytes = bytesOf(message);
  }
  if (from < messages.length) yield messages.slice(from);
}

const headerBytes = 512;

function bytesOf({ value, key }: Outgoing): number {
  return (value?.byteLength ?? 0) + (key?.byteLength ?? 0) + headerBytes;
}
