/**
 * Runs one subscription: takes deliveries, calls the handler, and ends each delivery by what came of it.
 *
 *     join ──▶ taking ──delivery──▶ begun ──▶ ack · nack · bury
 *      ▲         │  ▲                 │
 *      └─ later ─┘  │ resume          └── extends its lease at a third of it
 *                withdrawn (a suspect is handled alone; or draining: for good)
 *
 * 1. At most `concurrency` are in hand, and every one of them is begun at once: what is not begun waits at the broker, for others too.
 * 2. A delivery is acked after its handler resolved, never before.
 * 3. A message that may have killed its process is handled with nothing beside it (`solitude.ts`).
 * 4. A handler runs in the asynchronous context in which its consumer was started, not in that of whoever happened to publish or
 *    to ack: in one process that may be another handler's transaction.
 * 5. A broker that is away ends nothing: it joins again after a jittered pause, for as long as it takes.
 *
 * The handler keeps its own deadline, as every inbound recipe does; this never gives up on one that runs.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Channel } from "@cantle/contract";
import {
  asCantleError,
  type Call,
  CantleError,
  type Clock,
  type Handler,
  type Operation,
  type Random,
} from "@cantle/core";
import type { LogFields, Logger } from "@cantle/telemetry";
import type { Broker } from "./broker.ts";
import { type ConsumerPolicy, consumerPolicyOf } from "./consumer-policy.ts";
import { backOffMs, isSuspect, verdictOf } from "./consumer-verdict.ts";
import type { AttemptFailure, Consumption, Delivery } from "./delivery.ts";
import { failureText } from "./failure-text.ts";
import { Leases } from "./leases.ts";
import type { StartAt } from "./log.ts";
import { messageCall } from "./message-call.ts";
import { Solitude } from "./solitude.ts";

/** What is consumed, and what handles it. */
export interface ConsumerOptions {
  readonly channel: Channel;
  /** The group at a topic: the subscribing service's name. */
  readonly group: string;
  /** What handling a message is: an internal operation whose input is the message's data. */
  readonly operation: Operation;
  readonly handle: Handler;
  /** Over the defaults. */
  readonly policy?: Partial<ConsumerPolicy> | undefined;
  /** Where a group that is new begins; default with the oldest message that is kept. */
  readonly from?: StartAt | undefined;
}

/** What a consumer needs of its process. */
export interface ConsumerHost {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Shared by all consumers of the process; default one of its own. */
  readonly solitude?: Solitude | undefined;
}

/** A consumer that runs. */
export interface RunningConsumer {
  /** Settles when it has joined for the first time; `stop` settles it too. */
  readonly joined: Promise<void>;
  /** How many it handles at this moment. */
  readonly inFlightCount: number;
  /**
   * Takes nothing more and gives back what was not begun; what was begun may finish for `drainMs`, then it is cancelled
   * and given back.
   */
  stop(drainMs: number): Promise<void>;
}

/** Starts one. Throws `CONFIG_INVALID` for a policy that cannot be. */
export function runConsumer(options: ConsumerOptions, host: ConsumerHost): RunningConsumer {
  const consumer = new Consumer(options, host);
  consumer.start();
  return consumer;
}

/** A delivery in hand, and the call that handles it. */
interface InHand {
  readonly delivery: Delivery;
  readonly call: Call;
}

/** Pauses between attempts to join. */
const joining = { firstMs: 200, maxMs: 5_000 };

class Consumer implements RunningConsumer {
  readonly joined: Promise<void>;
  readonly #options: ConsumerOptions;
  readonly #host: ConsumerHost;
  readonly #policy: ConsumerPolicy;
  readonly #solitude: Solitude;
  readonly #log: Logger;
  readonly #leases: Leases<InHand>;
  readonly #begun = new Set<InHand>();
  /** Suspects that wait for their turn to be alone. */
  readonly #suspects = new Set<InHand>();
  readonly #firstJoin = Promise.withResolvers<void>();
  #state: "taking" | "withdrawn" | "stopped" = "taking";
  #consumption: Promise<Consumption | undefined> = Promise.resolve(undefined);
  #whenIdle: (() => void)[] = [];
  readonly #pauses = new Set<() => void>();
  readonly #inOwnContext = AsyncLocalStorage.snapshot();

  constructor(options: ConsumerOptions, host: ConsumerHost) {
    const { channel, group } = options;
    this.#options = options;
    this.#host = host;
    this.#policy = consumerPolicyOf(options.policy, `the consumer of ${channel.name} in ${group}`);
    this.#solitude = host.solitude ?? new Solitude();
    this.#log = host.log.with({ channel: channel.name, group });
    this.#leases = new Leases(host.clock, this.#policy.leaseMs, {
      extend: ({ delivery }) => delivery.extend(),
      lost: ({ call }, error) => call.cancel(error),
    });
    this.joined = this.#firstJoin.promise;
  }

  get inFlightCount(): number {
    return this.#begun.size;
  }

  start(): void {
    this.#solitude.join(this);
    if (this.#solitude.isOn) this.#state = "withdrawn";
    else this.#consumption = this.#join();
  }

  async withdraw(): Promise<void> {
    if (this.#state === "taking") this.#state = "withdrawn";
    for (const end of this.#pauses) end();
    await this.#pauseTaking();
    await this.#idle();
  }

  resume(): void {
    if (this.#state !== "withdrawn") return;
    this.#state = "taking";
    // What was paused cannot go on: it ends, and another begins.
    this.#consumption = this.#leave().then(() => this.#join());
  }

  async stop(drainMs: number): Promise<void> {
    this.#state = "stopped";
    this.#solitude.leave(this);
    this.#firstJoin.resolve();
    for (const end of this.#pauses) end();
    const timer = this.#host.clock.after(drainMs, () => this.#abandon());
    await this.#pauseTaking();
    await this.#idle();
    timer.cancel();
    await this.#leave();
  }

  /** Joins, and tries again for as long as it may. */
  async #join(): Promise<Consumption | undefined> {
    for (let failures = 1; this.#state === "taking"; failures++) {
      try {
        const consumption = await this.#consume();
        this.#firstJoin.resolve();
        return consumption;
      } catch (error) {
        this.#log.warn("the broker could not be joined; trying again", { error });
        await this.#pause(backOffMs(joining, failures, this.#host.random));
      }
    }
    return undefined;
  }

  #consume(): Promise<Consumption> {
    const { channel, group, from = { kind: "first" } } = this.#options;
    const { log, queue } = this.#host.broker;
    const options = {
      inFlightMax: this.#policy.concurrency,
      leaseMs: this.#policy.leaseMs,
      onDelivery: (delivery: Delivery) => this.#inOwnContext(() => this.#receive(delivery)),
    };
    if (channel.kind === "topic") return log.consume(channel.name, group, { ...options, from });
    if (queue !== undefined) return queue.consume(channel.name, options);
    return Promise.reject(new CantleError("BROKER_UNAVAILABLE", "this broker has topics only"));
  }

  #receive(delivery: Delivery): void {
    if (this.#state !== "taking") return void this.#end(delivery, () => delivery.release());
    const { attempt, failures } = delivery;
    const call = messageCall(delivery, this.#options, this.#host);
    if (attempt > this.#policy.deliveriesMax) return void this.#bury(delivery, this.#lastOf(delivery, call));
    const inHand = { delivery, call };
    if (!isSuspect(attempt, failures)) return void this.#handle(inHand);
    this.#log.warn("a message may have ended whoever had it; it is handled alone", fieldsOf(delivery));
    this.#leases.add(inHand);
    this.#suspects.add(inHand);
    void this.#solitude.alone({
      claim: () => this.#suspects.delete(inHand),
      // Stopping meanwhile gives it back with everything else.
      work: async () => (this.#state === "stopped" ? this.#leases.delete(inHand) : this.#handle(inHand)),
    });
  }

  /** Calls the handler and ends the delivery; never throws. */
  async #handle(inHand: InHand): Promise<void> {
    const { delivery, call } = inHand;
    this.#begun.add(inHand);
    this.#leases.add(inHand);
    try {
      await this.#options.handle(call);
      if (this.#begun.has(inHand)) await this.#end(delivery, () => delivery.ack());
    } catch (thrown) {
      if (this.#begun.has(inHand)) await this.#failed(inHand, asCantleError(thrown));
    } finally {
      this.#leases.delete(inHand);
      this.#begun.delete(inHand);
      if (this.#begun.size === 0) this.#wakeIdle();
    }
  }

  async #failed({ delivery, call }: InHand, error: CantleError): Promise<void> {
    // Somebody else has it by now; whatever is said of it here counts for nothing.
    if (error.code === "DELIVERY_LOST") return this.#log.warn("a message was lost to its lease", fieldsOf(delivery));
    const { random } = this.#host;
    const verdict = verdictOf(error, delivery.attempt, { policy: this.#policy, random });
    const failure = this.#failureOf(error, call);
    switch (verdict.kind) {
      case "bury":
        return this.#bury(delivery, failure);
      case "release":
        await this.#pause(verdict.delayMs);
        return this.#end(delivery, () => delivery.release());
      case "nack": {
        const { delayMs } = verdict;
        const fields = { ...fieldsOf(delivery), code: failure.code, trace: failure.traceId, delayMs, error };
        this.#log.warn("a message was not handled; it comes again", fields);
        return this.#end(delivery, () => delivery.nack(delayMs, failure));
      }
    }
  }

  #bury(delivery: Delivery, failure: AttemptFailure): Promise<void> {
    const fields = { ...fieldsOf(delivery), code: failure.code, trace: failure.traceId };
    this.#log.warn("a message was given up; it is among the dead letters", fields);
    return this.#end(delivery, () => delivery.bury(failure));
  }

  /** Ends a delivery. When that fails it comes again, which is what at least once means. */
  async #end(delivery: Delivery, end: () => Promise<void>): Promise<void> {
    try {
      await end();
    } catch (error) {
      this.#log.warn("how a message ended could not be told; it comes again", { ...fieldsOf(delivery), error });
    }
  }

  /** Takes no more, and gives back the suspects whose turn has not come. */
  async #pauseTaking(): Promise<void> {
    const consumption = await this.#consumption;
    await consumption?.pause().catch(() => {});
    const waiting = [...this.#suspects];
    this.#suspects.clear();
    for (const inHand of waiting) this.#leases.delete(inHand);
    await Promise.all(waiting.map(({ delivery }) => this.#end(delivery, () => delivery.release())));
  }

  async #leave(): Promise<void> {
    const consumption = await this.#consumption;
    await consumption?.stop().catch((error) => this.#log.warn("the broker could not be left in order", { error }));
  }

  async #idle(): Promise<void> {
    if (this.#begun.size > 0) await new Promise<void>((resolve) => void this.#whenIdle.push(resolve));
  }

  #wakeIdle(): void {
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const wake of waiting) wake();
  }

  /** The drain is over: what still runs is cancelled and, with the end of the consumption, given back. */
  #abandon(): void {
    const left = [...this.#begun];
    this.#begun.clear();
    for (const inHand of left) {
      this.#leases.delete(inHand);
      inHand.call.cancel(new CantleError("DRAINING", "this process is leaving"));
    }
    this.#wakeIdle();
  }

  /** Waits so long, or until it takes no more. */
  #pause(waitMs: number): Promise<void> {
    if (this.#state !== "taking") return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        timer.cancel();
        this.#pauses.delete(end);
        resolve();
      };
      const timer = this.#host.clock.after(waitMs, end);
      this.#pauses.add(end);
    });
  }

  #failureOf(error: CantleError, { trace }: Call): AttemptFailure {
    const at = new Date(this.#host.clock.wallMs()).toISOString();
    return { code: error.failure ?? error.code, message: failureText(error), at, traceId: trace.traceId };
  }

  /** Why a message that comes once too often is given up: what it failed with last, or that nobody came back from it. */
  #lastOf({ failures }: Delivery, call: Call): AttemptFailure {
    const gone = new CantleError("CONSUMER_GONE", "nobody who had the message came back");
    return failures.at(-1) ?? this.#failureOf(gone, call);
  }
}

/** Not called `message`: that is the text of a record. */
function fieldsOf({ message, attempt }: Delivery): LogFields {
  return { messageId: message.id, attempt };
}
