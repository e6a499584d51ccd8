/**
 * Questions to the server, many at a time: with one subscription for all answers and one timer for all deadlines, where the client's
 * own requests have a timer each. A question is open until it is answered, the connection breaks, or `answerMs` have passed.
 */
import { type Clock, createDeadlines, Deadline, type Deadlines } from "@cantle/core";
import { type ApiError, JetStreamApiError } from "@nats-io/jetstream";
import {
  ConnectionError,
  createInbox,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  NoRespondersError,
  type Payload,
  TimeoutError,
} from "@nats-io/transport-node";
import type { Link } from "./link.ts";

/** What an asker is told. */
export interface AskerOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly answerMs: number;
}

/** Asks for one broker. */
export class Asker {
  readonly #nc: NatsConnection;
  readonly #options: AskerOptions;
  readonly #inbox = `${createInbox()}.`;
  readonly #deadlines: Deadlines;
  readonly #open = new Map<string, Question>();
  #serial = 0;

  constructor(nc: NatsConnection, options: AskerOptions) {
    this.#nc = nc;
    this.#options = options;
    this.#deadlines = createDeadlines(options.clock);
    nc.subscribe(`${this.#inbox}*`, { callback: (_error, answer) => this.#answered(answer) });
    options.link.watch({
      broken: () => {
        for (const question of this.#open.values()) question.fail(new ConnectionError("the connection broke"));
      },
    });
  }

  /** Stores one message; resolves with its sequence. Throws what JetStream says against it. */
  async store(
    subject: string,
    { data, headers }: { readonly data: Payload; readonly headers?: MsgHdrs },
  ): Promise<number> {
    const answer = await this.ask(subject, data, headers);
    if (answer.headers?.code === 503) throw new NoRespondersError(subject);
    const { error, seq } = answer.json<{ readonly error?: ApiError; readonly seq: number }>();
    if (error !== undefined) throw new JetStreamApiError(error);
    return seq;
  }

  /** Resolves with the answer. */
  ask(subject: string, what: Payload, headers?: MsgHdrs): Promise<Msg> {
    return new Promise((resolve, reject) => {
      const { link, clock, answerMs } = this.#options;
      if (!link.isUp) throw new ConnectionError("there is no connection");
      const token = (this.#serial++).toString(36);
      const ended = () => this.#open.delete(token);
      const question = new Question({ resolve, reject, ended });
      this.#nc.publish(subject, what, { reply: this.#inbox + token, ...(headers !== undefined && { headers }) });
      this.#open.set(token, question);
      this.#deadlines.add(question, clock.nowMs() + answerMs);
    });
  }

  #answered(answer: Msg): void {
    const question = this.#open.get(answer.subject.slice(this.#inbox.length));
    if (question === undefined) return;
    this.#deadlines.remove(question);
    question.answer(answer);
  }
}

/** What becomes of a question. */
interface Asked {
  readonly resolve: (answer: Msg) => void;
  readonly reject: (error: Error) => void;
  readonly ended: () => void;
}

/** A question that is not answered yet. */
class Question extends Deadline {
  readonly #asked: Asked;

  constructor(asked: Asked) {
    super();
    this.#asked = asked;
  }

  answer(answer: Msg): void {
    this.#asked.ended();
    this.#asked.resolve(answer);
  }

  fail(error: Error): void {
    this.#asked.ended();
    this.#asked.reject(error);
  }

  expire(): void {
    this.fail(new TimeoutError());
  }
}
