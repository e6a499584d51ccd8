/**
 * What is sent for later waits in a lane of its own. The first time the server gives it, it is sent back for as long as it has to
 * wait; when its moment has come, it is published again where it is urgent, normal or not, and leaves this lane after that. A crash
 * in between does it again; the server stores only one.
 */
import { delay } from "@cantle/core";
import { headersOf, messageOf } from "./cloud-event.ts";
import type { Connection } from "./connection.ts";
import { type Pulled, Puller } from "./pull.ts";

const requestMax = 64;
const waitMs = 30_000;
const pauseMs = 250;
/** Looked at again after this at the latest, because clocks are put right. */
const lookEveryMs = 6 * 3_600_000;

/** Moves the messages of one queue when they are due. */
export class LaterMover {
  readonly #connection: Connection;
  readonly #queue: string;
  readonly #puller: Puller;
  readonly #stopWatching: () => void;
  #isClosed = false;

  constructor(connection: Connection, queue: string) {
    const { names } = connection;
    this.#connection = connection;
    this.#queue = queue;
    this.#puller = new Puller(connection, {
      stream: names.queues,
      consumer: names.queueConsumer(queue, "later"),
      onMessage: (pulled) => void this.#take(pulled),
    });
    this.#stopWatching = connection.link.watch({ mended: () => this.#puller.abandon() });
    void this.#run();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopWatching();
    this.#puller.close();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      const how = await this.#puller.pull({ messagesMax: requestMax, waitMs });
      if (how === "gone" && !this.#isClosed) await delay(this.#connection.clock, pauseMs);
    }
  }

  async #take({ message, reply, sequence }: Pulled): Promise<void> {
    const { nc, asker, names, clock, log } = this.#connection;
    try {
      const later = messageOf(message.headers, message.data, String(sequence));
      const leftMs = Date.parse(later.notBefore ?? "") - clock.wallMs();
      if (leftMs > 0) {
        const delayMs = Math.ceil(Math.min(leftMs, lookEveryMs));
        nc.publish(reply, `-NAK {"delay": ${delayMs * 1_000_000}}`);
        return;
      }
      const subject = names.queueSubject(this.#queue, later.priority ?? "normal");
      const headers = headersOf(later, this.#queue, `due:${this.#queue}:${sequence}`);
      await this.#connection.publisher.publish(1, () => ({ subject, headers, data: later.data }));
      await asker.ask(reply, "+ACK");
    } catch (error) {
      // The server gives it again.
      log.warn("a message that is due could not be moved yet", { queue: this.#queue, error });
    }
  }
}
