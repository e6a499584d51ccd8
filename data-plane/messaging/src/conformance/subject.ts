/**
 * What the suite is run on, and how its tests take deliveries.
 *
 * Nothing here sleeps: a test waits for a delivery or a figure, and what must not happen is shown by something later that
 * does. An engine on a virtual clock hands in `advance`; one on the machine's clock is waited for.
 */
import type { TestContext } from "node:test";
import type { Message } from "@cantle/contract";
import { type Clock, delay, systemClock, systemRandom } from "@cantle/core";
import type { Broker } from "../broker.ts";
import type { DeadLetterSource } from "../dead-letters.ts";
import type { AttemptFailure, ConsumeOptions, Consumption, Delivery } from "../delivery.ts";
import type { GroupFacts, StartAt } from "../log.ts";
import type { QueueFacts } from "../queue.ts";

/** An opened engine under test; the opener closes it (and what it became by reopening) with `test.after`. */
export interface OpenedBroker {
  readonly broker: Broker;
  /** The clock that the engine was given. */
  readonly clock: Clock;
  /** Moves a virtual clock on; absent where the clock is the machine's. */
  readonly advance?: ((ms: number) => Promise<void>) | undefined;
  /** Closes the broker and opens what it stored again; absent where nothing survives. */
  readonly reopen?: (() => Promise<Broker>) | undefined;
  /** As `reopen`, but it ends without being closed, as by `kill -9`; absent where that cannot be done. */
  readonly crash?: (() => Promise<Broker>) | undefined;
}

/** Opens a broker for one test. Tests name their channels so that they may share a server. */
export type OpenBroker = (test: TestContext) => Promise<OpenedBroker>;

/** An engine under test. */
export interface BrokerSubject {
  /** For the titles. */
  readonly name: string;
  readonly open: OpenBroker;
}

/** Longer than any test takes; deliveries that nobody means to lose. */
export const longLeaseMs = 120_000;
/** Short enough to be waited for, long enough for a busy machine. */
export const shortLeaseMs = 1_500;
const patienceMs = 30_000;
const pollMs = 3;
const random = systemRandom();
let serial = 0;

/** A channel that no other test has. */
export function newChannel(): string {
  serial += 1;
  return `s${serial}-${random.hex(4)}.things`;
}

/** A message with this id; `data` is the id as JSON unless it is said. */
export function message(id: string, more: Partial<Message> = {}): Message {
  return {
    id,
    source: "shop",
    time: "2026-01-02T03:04:05.678Z",
    data: new TextEncoder().encode(JSON.stringify(id)),
    ...more,
  };
}

/** `count` messages: `a-0`, `a-1`, … */
export function messages(prefix: string, count: number, more: Partial<Message> = {}): Message[] {
  return Array.from({ length: count }, (_, index) => message(`${prefix}-${index}`, more));
}

/** A failure as a consumer would report it. */
export function failure(text = "it does not work"): AttemptFailure {
  return {
    code: "INTERNAL",
    message: text,
    at: "2026-01-02T03:04:05.678Z",
    traceId: "0af7651916cd43dd8448eb211c80319c",
  };
}

/** Polls until it is so. A virtual clock moves on by a millisecond each time, so that nothing waits for it for ever. */
export async function until(opened: OpenedBroker, what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = systemClock.nowMs() + patienceMs;
  while (!(await isSo())) {
    if (systemClock.nowMs() > endMs) throw new RangeError(`waited in vain: ${what}`);
    if (opened.advance === undefined) await delay(systemClock, pollMs);
    else await opened.advance(1);
  }
}

/** Lets so much of the engine's time pass. */
export async function pass(opened: OpenedBroker, ms: number): Promise<void> {
  if (opened.advance !== undefined) return opened.advance(ms);
  const endMs = opened.clock.nowMs() + ms;
  await until(opened, `${ms} ms to pass`, () => opened.clock.nowMs() >= endMs);
}

/** One consumer of a test, with all that it was given. */
export interface Hands extends Consumption {
  /** Every delivery so far. */
  readonly taken: readonly Delivery[];
  readonly ids: readonly string[];
  /** When each of them came, by the engine's clock, monotonic ms. */
  readonly cameAtMs: readonly number[];
  /** The next delivery that `next` has not answered with yet. */
  next(): Promise<Delivery>;
  /** The next so many of them, in the order in which they came. */
  take(count: number): Promise<readonly Delivery[]>;
}

/** How a test consumes. */
export type HandsOptions = Partial<Omit<ConsumeOptions, "onDelivery">>;

async function handsOf(
  opened: OpenedBroker,
  consume: (onDelivery: ConsumeOptions["onDelivery"]) => Promise<Consumption>,
): Promise<Hands> {
  const taken: Delivery[] = [];
  let seen = 0;
  const cameAtMs: number[] = [];
  const consumption = await consume((delivery) => {
    taken.push(delivery);
    cameAtMs.push(opened.clock.nowMs());
  });
  const next = async () => {
    await until(opened, `delivery ${seen + 1}`, () => taken.length > seen);
    seen += 1;
    return taken[seen - 1] as Delivery;
  };
  return {
    taken,
    cameAtMs,
    get ids() {
      return taken.map((delivery) => delivery.message.id);
    },
    next,
    async take(count) {
      const some: Delivery[] = [];
      while (some.length < count) some.push(await next());
      return some;
    },
    pause: () => consumption.pause(),
    stop: () => consumption.stop(),
  };
}

/** A topic as one group sees it, or a queue: where deliveries behave the same. */
export interface Source {
  readonly opened: OpenedBroker;
  readonly source: DeadLetterSource;
  publish(...batch: readonly Message[]): Promise<void>;
  consume(options?: HandsOptions): Promise<Hands>;
  /** The same in what the engine became after a restart. */
  in(broker: Broker): Source;
  /** How many are not yet handled, those in somebody's hands included. */
  left(): Promise<number>;
  inFlight(): Promise<number>;
}

/** A topic and the group `readers`, which begins with the oldest message. */
export function topicSource(opened: OpenedBroker, topic = newChannel(), group = "readers"): Source {
  const { log } = opened.broker;
  const facts = () => groupFacts(opened.broker, topic, group);
  return {
    opened,
    source: { kind: "topic", name: topic, group },
    publish: (...batch) => log.append(topic, batch),
    consume: (options) => readTopic(opened, { topic, group, options }),
    in: (broker) => topicSource({ ...opened, broker }, topic, group),
    left: async () => (await facts())?.lag ?? 0,
    inFlight: async () => (await facts())?.inFlight ?? 0,
  };
}

/** A queue. */
export function queueSource(opened: OpenedBroker, name = newChannel()): Source {
  const { queue } = opened.broker;
  if (queue === undefined) throw new TypeError("this engine has no queues");
  const facts = () => queueFacts(opened.broker, name);
  return {
    opened,
    source: { kind: "queue", name },
    publish: (...batch) => queue.send(name, batch),
    consume: (options = {}) =>
      handsOf(opened, (onDelivery) =>
        queue.consume(name, { inFlightMax: 100, leaseMs: longLeaseMs, ...options, onDelivery }),
      ),
    in: (broker) => queueSource({ ...opened, broker }, name),
    left: async () => {
      const { waiting, delayed, inFlight } = (await facts()) ?? { waiting: 0, delayed: 0, inFlight: 0 };
      return waiting + delayed + inFlight;
    },
    inFlight: async () => (await facts())?.inFlight ?? 0,
  };
}

/** Joins a group of a topic. */
export function readTopic(
  opened: OpenedBroker,
  {
    topic,
    group,
    from = { kind: "first" },
    options = {},
  }: { topic: string; group: string; from?: StartAt; options?: HandsOptions | undefined },
): Promise<Hands> {
  return handsOf(opened, (onDelivery) =>
    opened.broker.log.consume(topic, group, {
      inFlightMax: 100,
      leaseMs: longLeaseMs,
      ...options,
      from,
      onDelivery,
    }),
  );
}

/** How a group stands; undefined where the engine knows none of that name. */
export async function groupFacts(broker: Broker, topic: string, group: string): Promise<GroupFacts | undefined> {
  const topics = await broker.log.topics();
  return topics.find((each) => each.topic === topic)?.groups.find((each) => each.group === group);
}

/** How a queue stands; undefined where the engine knows none of that name. */
export async function queueFacts(broker: Broker, queue: string): Promise<QueueFacts | undefined> {
  return (await broker.queue?.queues())?.find((each) => each.queue === queue);
}

/** The ids of deliveries. */
export function idsOf(deliveries: readonly { readonly message: Message }[]): string[] {
  return deliveries.map((delivery) => delivery.message.id);
}

/** Each kind of source, for what is the same in both. */
export const sourceKinds = [
  { kind: "a group", make: (opened: OpenedBroker): Source | undefined => topicSource(opened) },
  {
    kind: "a queue",
    make: (opened: OpenedBroker): Source | undefined =>
      opened.broker.queue === undefined ? undefined : queueSource(opened),
  },
] as const;
