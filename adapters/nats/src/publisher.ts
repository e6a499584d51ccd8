/**
 * Publishing, many at a time. Messages go out in their order over one connection and are acknowledged one by one; no more than
 * `unackedMax` of a batch wait for that, so a long batch costs no more memory than a short one.
 *
 * 1. When one is refused, no further one of the batch is sent. Those already on their way are waited for, so that nobody is told
 *    of a failure while the rest is still being stored.
 * 2. When the connection breaks, every batch under way has failed: sending its rest over the next one would leave a hole.
 * 3. A batch has failed when `answerMs` pass without any acknowledgement. There is one timer for each batch, not for each message:
 *    with the client's own requests, the timers cost as much as the messages.
 */
import type { Clock } from "@cantle/core";
import { JetStreamApiError } from "@nats-io/jetstream";
import {
  ConnectionError,
  createInbox,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  NoRespondersError,
  TimeoutError,
} from "@nats-io/transport-node";
import type { Link } from "./link.ts";

const unackedMax = 1_024;

/** One message on its way to the server. */
export interface Outgoing {
  readonly subject: string;
  readonly headers: MsgHdrs;
  readonly data: Uint8Array;
}

/** What a publisher is told. */
export interface PublisherOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly answerMs: number;
}

/** Publishes for one broker. */
export class Publisher {
  readonly #nc: NatsConnection;
  readonly #options: PublisherOptions;
  readonly #inbox = `${createInbox()}.`;
  readonly #batches = new Map<string, Batch>();
  #serial = 0;

  constructor(nc: NatsConnection, options: PublisherOptions) {
    this.#nc = nc;
    this.#options = options;
    nc.subscribe(`${this.#inbox}*`, { callback: (_error, answer) => this.#answered(answer) });
    options.link.watch({
      broken: () => {
        for (const batch of this.#batches.values()) batch.fail(new ConnectionError("the connection broke"));
      },
    });
  }

  /** Publishes so many, in this order; resolves when every one is stored. */
  async publish(count: number, outgoing: (index: number) => Outgoing): Promise<void> {
    const { link, clock, answerMs } = this.#options;
    await link.up(answerMs);
    const name = (this.#serial++).toString(36);
    const reply = this.#inbox + name;
    const batch = new Batch(clock, answerMs);
    this.#batches.set(name, batch);
    try {
      for (let index = 0; index < count && !batch.hasFailed; index++) {
        const { subject, headers, data } = outgoing(index);
        this.#nc.publish(subject, data, { headers, reply });
        batch.sent(subject);
        if (batch.unackedCount >= unackedMax) await batch.fewer(unackedMax / 2);
      }
      await batch.fewer(0);
    } finally {
      this.#batches.delete(name);
      batch.end();
    }
    batch.assertStored();
  }

  #answered(answer: Msg): void {
    this.#batches.get(answer.subject.slice(this.#inbox.length))?.answered(answer);
  }
}

/** One batch: how many of it are not acknowledged, and whether it has failed. */
class Batch {
  readonly #clock: Clock;
  readonly #answerMs: number;
  #unackedCount = 0;
  #failure: { readonly error: Error } | undefined;
  #subject = "";
  #heardMs: number;
  #timer: ReturnType<Clock["after"]>;
  #waiter: { readonly count: number; readonly resolve: () => void } | undefined;

  constructor(clock: Clock, answerMs: number) {
    this.#clock = clock;
    this.#answerMs = answerMs;
    this.#heardMs = clock.nowMs();
    this.#timer = clock.after(answerMs, () => this.#look());
  }

  get unackedCount(): number {
    return this.#unackedCount;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  sent(subject: string): void {
    this.#subject = subject;
    this.#unackedCount += 1;
  }

  answered(answer: Msg): void {
    this.#unackedCount -= 1;
    this.#heardMs = this.#clock.nowMs();
    if (answer.headers?.code === 503) this.#failure ??= { error: new NoRespondersError(this.#subject) };
    else {
      const text = answer.string();
      // An acknowledgement needs no further look: `{"stream":"…","seq":1}`.
      if (text.includes('"error"')) this.#failure ??= { error: new JetStreamApiError(JSON.parse(text).error) };
    }
    if (this.#waiter !== undefined && this.#unackedCount <= this.#waiter.count) this.#waiter.resolve();
  }

  /** Nothing of it is waited for any more. */
  fail(error: Error): void {
    this.#failure ??= { error };
    this.#unackedCount = 0;
    this.#waiter?.resolve();
  }

  /** Resolves when so few are not acknowledged, or nothing is heard any more. */
  async fewer(count: number): Promise<void> {
    if (this.#unackedCount <= count) return;
    await new Promise<void>((resolve) => {
      this.#waiter = { count, resolve };
    });
    this.#waiter = undefined;
  }

  assertStored(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  end(): void {
    this.#timer.cancel();
  }

  #look(): void {
    const silentMs = this.#clock.nowMs() - this.#heardMs;
    if (silentMs < this.#answerMs) {
      this.#timer = this.#clock.after(this.#answerMs - silentMs, () => this.#look());
      return;
    }
    this.fail(new TimeoutError());
  }
}
