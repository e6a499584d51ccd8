/**
 * A consumer at a broker in another process. While the connection lasts it is a session: a stream of deliveries and calls that
 * end them. When it is lost, what was in hand is lost with it and comes again; it joins anew after a jittered pause.
 *
 *     joining ──▶ open ──▶ paused ──▶ stopped
 *        ▲         │ lost
 *        └─ pause ─┘
 */
import type { Client } from "@cantle/contract";
import { CantleError, type Clock, type Random } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import { backOffMs } from "../consumer-verdict.ts";
import type { AttemptFailure, Consumption, Delivery, StoredMessage } from "../delivery.ts";
import { keptFailure } from "../dispatch.ts";
import { Batcher } from "./batcher.ts";
import type { BrokerContract, ConsumerItem, Consuming, Ended } from "./contract.ts";
import { type PackedDelivery, unpackDeliveries } from "./packed.ts";
import { refusalOf, refusalWith } from "./refusals.ts";

/** What a remote consumer needs. */
export interface RemoteConsumptionOptions {
  readonly client: Client<BrokerContract>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly consuming: Consuming;
  readonly onDelivery: (delivery: Delivery) => void;
  /** Called once, when it has stopped. */
  readonly onStop: () => void;
}

/** Pauses between attempts to join again. */
const joining = { firstMs: 100, maxMs: 5_000 };

/** Joins; rejects when the first attempt fails. */
export async function openRemoteConsumption(options: RemoteConsumptionOptions): Promise<RemoteConsumption> {
  const consumption = new RemoteConsumption(options);
  await consumption.open();
  return consumption;
}

/** One that has joined. */
export class RemoteConsumption implements Consumption {
  readonly #options: RemoteConsumptionOptions;
  readonly #ended = Promise.withResolvers<void>();
  #state: "open" | "paused" | "stopped" = "open";
  #session: Session | undefined;

  constructor(options: RemoteConsumptionOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const session = await openSession(this.#options);
    this.#session = session;
    void this.#run(session);
  }

  async pause(): Promise<void> {
    if (this.#state === "open") this.#state = "paused";
    await this.#session?.pause();
  }

  async stop(): Promise<void> {
    if (this.#state !== "stopped") {
      this.#state = "stopped";
      await this.#session?.leave();
      this.#ended.resolve();
      this.#options.onStop();
    }
    await this.#ended.promise;
  }

  /** Reads one session after the other. */
  async #run(first: Session): Promise<void> {
    for (let session: Session | undefined = first; session !== undefined; session = await this.#again()) {
      this.#session = session;
      // It may have been told to end while it was joining.
      if (this.#state === "stopped") return session.leave();
      const error = await session.read(this.#options.onDelivery);
      this.#session = undefined;
      if (this.#state === "open") this.#options.log.warn("a consumer lost its broker; it joins again", { error });
    }
  }

  async #again(): Promise<Session | undefined> {
    const { clock, random } = this.#options;
    for (let failures = 1; this.#state === "open"; failures++) {
      const pauseMs = backOffMs(joining, failures, random);
      await Promise.race([this.#ended.promise, new Promise<void>((resolve) => void clock.after(pauseMs, resolve))]);
      if (this.#state !== "open") return undefined;
      // Whatever the reason, it may be over soon; what will never be over is the configuration's mistake, and in the log.
      const session = await openSession(this.#options).catch((error: unknown) => error as CantleError);
      if (session instanceof Session) return session;
      this.#options.log.warn("a consumer could not join its broker", { error: session });
    }
    return undefined;
  }
}

async function openSession(options: RemoteConsumptionOptions): Promise<Session> {
  try {
    const items = (await options.client.consume(options.consuming))[Symbol.asyncIterator]();
    const { value: joined } = await items.next();
    if (joined?.kind !== "joined") throw new CantleError("BROKER_UNAVAILABLE", "the broker did not take the consumer");
    return new Session(options.client, joined.consumer, items);
  } catch (error) {
    throw refusalOf(error);
  }
}

type End = { readonly kind: "ack"; readonly number: number } | Ended;
/** Why an end was refused; undefined for none. */
type Refused = CantleError | undefined;

/** How many ends go in one call, and how many may wait for it. */
const endsMax = 4_096;
const endsWaitingMax = 262_144;

/** One connection's worth of a consumer. */
class Session {
  readonly #client: Client<BrokerContract>;
  readonly #consumer: string;
  readonly #items: AsyncIterator<ConsumerItem>;
  readonly #ends: Batcher<End, Refused>;
  readonly #quiet = Promise.withResolvers<void>();
  #isOpen = true;

  constructor(client: Client<BrokerContract>, consumer: string, items: AsyncIterator<ConsumerItem>) {
    this.#client = client;
    this.#consumer = consumer;
    this.#items = items;
    this.#ends = new Batcher({
      send: (ends) => this.#settle(ends),
      weightOf: () => 1,
      weightMax: endsMax,
      waitingWeightMax: endsWaitingMax,
      full: () => new CantleError("BROKER_UNAVAILABLE", "too many ends of deliveries wait for the broker"),
    });
  }

  /** Hands deliveries on until the stream ends; answers with why it did. */
  async read(onDelivery: (delivery: Delivery) => void): Promise<unknown> {
    try {
      for (let next = await this.#items.next(); !next.done; next = await this.#items.next()) {
        const item = next.value;
        if (item.kind === "paused") this.#quiet.resolve();
        if (item.kind !== "deliveries" || !this.#isOpen) continue;
        for (const packed of unpackDeliveries(item.batch)) onDelivery(new RemoteDelivery(this, packed));
      }
      return undefined;
    } catch (error) {
      return error;
    } finally {
      this.#close();
      this.#items.return?.().catch(() => {});
    }
  }

  async pause(): Promise<void> {
    if (!this.#isOpen) return;
    try {
      await this.#client.pause({ consumer: this.#consumer });
      await this.#quiet.promise;
    } catch {
      // It cannot be reached, so nothing more comes from there either.
      this.#close();
    }
  }

  async leave(): Promise<void> {
    if (!this.#isOpen) return;
    // What ended before it left is told before that.
    await this.#ends.idle();
    this.#close();
    await this.#client.leave({ consumer: this.#consumer }).catch(() => {});
    this.#items.return?.().catch(() => {});
  }

  /** Tells how a delivery ended. */
  async end(end: End): Promise<void> {
    if (!this.#isOpen) throw lost();
    const [refused] = await this.#ends.add([end]);
    if (refused !== undefined) throw refused;
  }

  #close(): void {
    this.#isOpen = false;
    this.#quiet.resolve();
  }

  async #settle(ends: readonly End[]): Promise<readonly Refused[]> {
    const acked: number[] = [];
    const others: Ended[] = [];
    for (const end of ends) {
      if (end.kind === "ack") acked.push(end.number);
      else others.push(end);
    }
    try {
      const reply = await this.#client.settle({ consumer: this.#consumer, acked, others });
      if (reply.lost.length === 0 && reply.failed.length === 0) return [];
      const refused = new Map<number, CantleError>(reply.lost.map((number) => [number, lost()]));
      for (const { number, code, message } of reply.failed) refused.set(number, refusalWith(code, message));
      return ends.map(({ number }) => refused.get(number));
    } catch (error) {
      throw refusalOf(error);
    }
  }
}

function lost(): CantleError {
  return new CantleError("DELIVERY_LOST", "the lease of this delivery was over, or the broker's connection was");
}

class RemoteDelivery implements Delivery {
  readonly message: StoredMessage;
  readonly attempt: number;
  readonly failures: readonly AttemptFailure[];
  readonly #session: Session;
  readonly #number: number;
  #isEnded = false;

  constructor(session: Session, { number, message, attempt, failures }: PackedDelivery) {
    this.#session = session;
    this.#number = number;
    this.message = message;
    this.attempt = attempt;
    this.failures = failures;
  }

  ack(): Promise<void> {
    return this.#end({ kind: "ack", number: this.#number });
  }

  nack(delayMs: number, failure: AttemptFailure): Promise<void> {
    return this.#end({
      kind: "nack",
      number: this.#number,
      delayMs: Math.max(0, delayMs),
      failure: keptFailure(failure),
    });
  }

  bury(failure: AttemptFailure): Promise<void> {
    return this.#end({ kind: "bury", number: this.#number, failure: keptFailure(failure) });
  }

  release(): Promise<void> {
    return this.#end({ kind: "release", number: this.#number });
  }

  extend(): Promise<void> {
    if (this.#isEnded) return Promise.reject(lost());
    return this.#session.end({ kind: "extend", number: this.#number });
  }

  #end(end: End): Promise<void> {
    if (this.#isEnded) return Promise.reject(lost());
    this.#isEnded = true;
    return this.#session.end(end);
  }
}
