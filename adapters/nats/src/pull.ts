/**
 * Asking a consumer of the server for messages: one request at a time, each for so many messages, waiting for them or not.
 *
 * A request ends when all of its messages came, when the server says that there are no more (for now), or when nothing was heard
 * of it for too long. What comes after that is still handed on: it counts as delivered on the server.
 */
import type { Timer } from "@cantle/core";
import { createInbox, type Msg, type Subscription } from "@nats-io/transport-node";
import { answerMs, type Connection } from "./connection.ts";

/** How a request ended. */
export type PullEnd =
  /** Everything that was asked for came. */
  | "filled"
  /** There is no more, or there was no more for as long as it waited. */
  | "empty"
  /** The consumer is not there (any more), or does not answer. */
  | "gone";

/** A message of a stream as a consumer gives it. */
export interface Pulled {
  readonly message: Msg;
  /** Where it is answered. */
  readonly reply: string;
  /** Its place in the stream. */
  readonly sequence: number;
  /** How many messages the consumer gave before, and this one. */
  readonly place: number;
  /** How often it was given; 1 for the first time. */
  readonly deliveries: number;
  /** When it was stored, wall ms. */
  readonly storedMs: number;
}

/** What is asked for. */
export interface PullRequest {
  readonly messagesMax: number;
  readonly bytesMax?: number | undefined;
  /** For how long the request waits for messages; undefined to be told at once that there are none. */
  readonly waitMs?: number | undefined;
}

/** Whose messages, and what becomes of them. */
export interface PullerOptions {
  readonly stream: string;
  readonly consumer: string;
  readonly onMessage: (pulled: Pulled) => void;
}

/** Asks one consumer. */
export class Puller {
  readonly #connection: Connection;
  readonly #options: PullerOptions;
  readonly #subject: string;
  readonly #inbox = createInbox();
  readonly #subscription: Subscription;
  #pending: { readonly end: (how: PullEnd) => void; left: number; timer: Timer } | undefined;

  constructor(connection: Connection, options: PullerOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#subject = `$JS.API.CONSUMER.MSG.NEXT.${options.stream}.${options.consumer}`;
    this.#subscription = connection.nc.subscribe(this.#inbox, { callback: (_error, message) => this.#take(message) });
  }

  /** True while a request is under way; there is one at a time. */
  get busy(): boolean {
    return this.#pending !== undefined;
  }

  /** Asks; resolves when the request has ended. */
  pull({ messagesMax, bytesMax, waitMs }: PullRequest): Promise<PullEnd> {
    const { nc, clock } = this.#connection;
    return new Promise((resolve) => {
      const end = (how: PullEnd) => {
        this.#pending?.timer.cancel();
        this.#pending = undefined;
        resolve(how);
      };
      const timer = clock.after((waitMs ?? 0) + answerMs, () => end("gone"));
      this.#pending = { end, left: messagesMax, timer };
      const how = waitMs === undefined ? { no_wait: true } : { expires: waitMs * 1_000_000 };
      const request = { batch: messagesMax, ...how, ...(bytesMax !== undefined && { max_bytes: bytesMax }) };
      try {
        nc.publish(this.#subject, JSON.stringify(request), { reply: this.#inbox });
      } catch {
        end("gone");
      }
    });
  }

  /** Ends the request under way: its connection is gone, or nobody wants the messages any more. */
  abandon(): void {
    this.#pending?.end("gone");
  }

  /** Listens no more, once what is on its way has come. */
  async drain(): Promise<void> {
    if (this.#connection.link.isUp) await this.#subscription.drain().catch(() => {});
    this.close();
  }

  /** Listens no more. */
  close(): void {
    this.#subscription.unsubscribe();
    this.abandon();
  }

  #take(message: Msg): void {
    const status = message.headers?.code ?? 0;
    if (status !== 0) {
      // 404 and 408: no more. 409: "message size exceeds maxbytes" is no more either; all else is the end of the consumer.
      const empty = status === 404 || status === 408 || /maxbytes/i.test(message.headers?.description ?? "");
      if (status !== 100) this.#pending?.end(empty ? "empty" : "gone");
      return;
    }
    const pulled = pulledOf(message);
    if (pulled === undefined) return;
    if (this.#pending !== undefined) this.#pending.left -= 1;
    this.#options.onMessage(pulled);
    if (this.#pending?.left === 0) this.#pending.end("filled");
  }
}

/** Reads `$JS.ACK.(domain.account.)stream.consumer.deliveries.sequence.place.stored.pending`; domains came with 2.10. */
function pulledOf(message: Msg): Pulled | undefined {
  const reply = message.reply ?? "";
  const parts = reply.split(".");
  if (parts[0] !== "$JS" || parts[1] !== "ACK") return undefined;
  const from = parts.length === 9 ? 4 : 6;
  const [deliveries, sequence, place, stored] = parts.slice(from, from + 4).map(Number);
  return {
    message,
    reply,
    sequence: sequence as number,
    place: place as number,
    deliveries: deliveries as number,
    storedMs: (stored as number) / 1_000_000,
  };
}
