/**
 * The messages of one instance: what its services publish goes to the broker, and what they subscribe to comes from there.
 *
 * The broker is opened when the first service asks for it: an instance whose services neither publish nor subscribe has
 * nothing to do with one.
 */
import { asCantleError, CantleError, type Clock, delay, type Random, within } from "@cantle/core";
import {
  type Broker,
  type ConsumerPolicy,
  messageBytesDefault,
  type RunningConsumer,
  runConsumer,
  runSchedules,
  Solitude,
} from "@cantle/messaging";
import type { Publisher, RunningService, ServedConsumer } from "@cantle/service";
import type { Logger } from "@cantle/telemetry";

/** The broker, as one service reaches it. Called at most once for each service that wants it. */
export type BrokerOf = (service: string) => Promise<Broker>;

/** What they need of their process. */
export interface MessagesHost {
  readonly brokerOf: BrokerOf;
  /** The largest data of a message, bytes, until the broker says what it takes; default 1 MiB. */
  readonly messageBytesMax?: number | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** How long handlers of messages may finish when the instance drains; what is not done by then comes again elsewhere. */
const drainMs = 10_000;
/** Between two looks for a broker that is away. */
const joinFirstMs = 50;
const joinMaxMs = 5_000;

/** The messages of an instance. */
export class Messages {
  readonly #host: MessagesHost;
  readonly #brokers = new Map<string, Promise<Broker>>();
  readonly #consumers: RunningConsumer[] = [];
  readonly #stops: (() => void)[] = [];
  readonly #solitude = new Solitude();
  #messageBytesMax: number;
  #isClosed = false;

  constructor(host: MessagesHost) {
    this.#host = host;
    this.#messageBytesMax = host.messageBytesMax ?? messageBytesDefault;
  }

  /** What a service publishes with. */
  publisherOf(service: string): Publisher {
    const bytesMax = () => this.#messageBytesMax;
    return {
      get messageBytesMax() {
        return bytesMax();
      },
      publish: async (channel, messages) => {
        const { facts, log, queue } = await this.#brokerOf(service);
        if (channel.kind === "topic") return log.append(channel.name, messages);
        if (queue !== undefined) return queue.send(channel.name, messages);
        throw noQueues({ facts });
      },
    };
  }

  /**
   * Takes what a service subscribes to, from now on. While the broker is away it is tried again, and nobody waits for that;
   * throws what no waiting mends.
   */
  async take(running: RunningService): Promise<void> {
    if (running.consumers.length === 0) return;
    try {
      await this.#join(running);
    } catch (error) {
      if (!isAway(error)) throw error;
      this.#host.log.warn("the broker is not there yet; subscriptions wait for it", { error });
      void this.#joinLater(running);
    }
  }

  async #joinLater(running: RunningService): Promise<void> {
    const { clock, random, log } = this.#host;
    for (let waitMs = joinFirstMs; !this.#isClosed; waitMs = Math.min(joinMaxMs, 2 * waitMs)) {
      await delay(clock, waitMs * (0.5 + random.next() / 2));
      try {
        return await this.#join(running);
      } catch (error) {
        if (!isAway(error)) return log.error("subscriptions cannot be taken", { error });
      }
    }
  }

  async #join({ consumers, schedules, definition }: RunningService): Promise<void> {
    const { name } = definition.contract;
    const { clock, random, log } = this.#host;
    const broker = await this.#brokerOf(name);
    if (this.#isClosed) return;
    for (const { channel } of consumers)
      if (channel.kind === "queue" && broker.queue === undefined) throw noQueues(broker);
    const host = { broker, clock, random, log: log.with({ service: name }), solitude: this.#solitude };
    for (const consumer of consumers) this.#consumers.push(runConsumer(optionsOf(consumer), host));
    if (schedules.length > 0) this.#stops.push(runSchedules(name, schedules, host));
  }

  /** Takes nothing more, and lets what was begun finish. */
  async drain(): Promise<void> {
    this.#isClosed = true;
    for (const stop of this.#stops.splice(0)) stop();
    await Promise.all(this.#consumers.splice(0).map((consumer) => consumer.stop(drainMs)));
  }

  /** Closes what was opened; what is on its way to a broker that does not answer is not waited for. */
  async close(): Promise<void> {
    await this.drain();
    const { clock } = this.#host;
    const open = [...this.#brokers.values()].map((broker) => broker.then((each) => each.close()).catch(() => {}));
    await within(clock, 1_000, Promise.all(open));
  }

  async #brokerOf(service: string): Promise<Broker> {
    const known = this.#brokers.get(service);
    if (known !== undefined) return known;
    const opening = this.#host.brokerOf(service);
    this.#brokers.set(service, opening);
    opening.then(
      ({ facts }) => {
        this.#messageBytesMax = facts.messageBytesMax;
      },
      // Whoever asks next tries again.
      () => this.#brokers.delete(service),
    );
    return opening;
  }
}

function noQueues({ facts }: Pick<Broker, "facts">): CantleError {
  return new CantleError("ENGINE_MISSING", `${facts.product} has topics and no queues`, {
    place: "BROKER_URL",
    help: "queues and schedules need the embedded broker or NATS",
  });
}

/** What may be over in a moment: the broker's process is starting, restarting, or cut off. */
function isAway(error: unknown): boolean {
  const { code } = asCantleError(error);
  return ["BROKER_UNAVAILABLE", "CONNECT_FAILED", "UNREACHABLE", "UNAVAILABLE", "DEADLINE_EXCEEDED"].includes(code);
}

function optionsOf({ channel, group, operation, handle, options }: ServedConsumer) {
  const { from = "first", timeoutMs: _, ...policy } = options;
  return { channel, group, operation, handle, from: { kind: from }, policy: policy as Partial<ConsumerPolicy> };
}
