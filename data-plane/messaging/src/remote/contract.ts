/**
 * `broker`: one broker for many processes. All of it is internal; nothing is reachable through a gateway.
 *
 * Messages travel in batches (`packed.ts`). A consumer is a stream of deliveries; how they ended is told in calls of their own,
 * many in one, and lets as many new ones come. The end of the stream is the end of the consumer.
 */
import { contract, del, get, post, put } from "@cantle/contract";
import { z } from "zod";

/** An array that nobody writes to. Said in types alone: the platform copies what was validated where it stands. */
const listOf = <S extends z.ZodType>(item: S, { max = 65_536 } = {}) =>
  z.array(item).max(max) as unknown as z.ZodType<readonly z.output<S>[], readonly z.input<S>[]>;

/** The most that one call carries: a message of 10 MiB in base64, and room. Below what one frame of the wire may have. */
const bodyBytesMax = 15 * 1024 * 1024;
/** The largest message that fits through, bytes. */
export const remoteMessageBytesMax = 10 * 1024 * 1024;

/** Whether a name is one is asked where everything else is, so that the answer is the same everywhere. */
const Name = z.string().max(255);
const Time = z.string().max(64);
const Position = z.string().max(255);
const Batch = z.string().max(bodyBytesMax);
const Count = z.int().min(0);
const Max = z.int().min(1).max(10_000);

const Failure = z.object({
  code: z.string().max(255),
  message: z.string().max(4_096),
  at: Time,
  traceId: z.string().max(64).optional(),
});
const Start = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("first") }),
  z.object({ kind: z.literal("new") }),
  z.object({ kind: z.literal("position"), position: Position }),
  z.object({ kind: z.literal("time"), time: Time }),
]);
const Source = z.object({ kind: z.enum(["topic", "queue"]), name: Name, group: Name.optional() });
const Facts = z.object({
  product: z.string(),
  version: z.string(),
  durable: z.enum(["nothing", "crash", "power"]),
  orderedByKey: z.boolean(),
  keepsFailures: z.boolean(),
  delays: z.boolean(),
  priorities: z.boolean(),
  queues: z.boolean(),
  dedupWindowMs: z.number(),
  messageBytesMax: Count,
});

const taking = { inFlightMax: z.int().min(1).max(65_536), leaseMs: z.number().min(1).max(86_400_000) };
const Consuming = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("topic"), topic: Name, group: Name, from: Start, ...taking }),
  z.object({ kind: z.literal("queue"), queue: Name, ...taking }),
]);
const Item = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("joined"), consumer: z.string() }),
  z.object({ kind: z.literal("deliveries"), batch: Batch }),
  /** No delivery comes after this one. */
  z.object({ kind: z.literal("paused") }),
]);
const Ended = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("nack"), number: Count, delayMs: z.number().min(0), failure: Failure }),
  z.object({ kind: z.literal("bury"), number: Count, failure: Failure }),
  z.object({ kind: z.literal("release"), number: Count }),
  z.object({ kind: z.literal("extend"), number: Count }),
]);
const consumer = z.string().max(64);

const TopicFacts = z.object({
  topic: z.string(),
  messages: Count,
  bytes: Count,
  groups: listOf(z.object({ group: z.string(), lag: Count, inFlight: Count, oldestMs: z.number() })),
});
const QueueFacts = z.object({
  queue: z.string(),
  waiting: Count,
  delayed: Count,
  inFlight: Count,
  oldestMs: z.number(),
});
/** Messages; cut where more were asked for than go into one reply. */
const Page = z.object({ batch: Batch, cut: z.boolean() });
const Letter = z.object({
  id: z.string(),
  attempts: Count,
  failures: listOf(Failure),
  at: z.string(),
  /** One stored message, packed. */
  message: Batch,
});

/** How a delivery ended, besides being acked. */
export type Ended = z.input<typeof Ended>;
/** One item of a consumer's stream. */
export type ConsumerItem = z.input<typeof Item>;
/** What a consumer asks for. */
export type Consuming = z.input<typeof Consuming>;

const why = { data: z.object({ message: z.string() }) };
/** How the broker refuses; `refusals.ts` says which code each of these is. */
const errors = {
  ChannelUnknown: { status: 404, ...why },
  DeliveryLost: { status: 409, ...why },
  MessageTooLarge: { status: 413, ...why },
  MessageInvalid: { status: 422, ...why },
  InputInvalid: { status: 422, ...why },
  PeerRefused: { status: 403, ...why },
  BrokerFull: { status: 507, ...why },
  BrokerUnavailable: { status: 503, ...why },
} as const;
/** Ids make it harmless to publish again what may have arrived. */
const publishing = { idempotent: true, bodyBytesMax, errors } as const;
const weekMs = 7 * 86_400_000;

/** The contract of a broker that several processes use. */
export const brokerContract = contract("broker", {
  version: "1.0.0",
  operations: {
    facts: get("/facts", { summary: "What the engine behind it can do.", output: Facts, errors }),
    check: get("/check", { summary: "Fails when the engine cannot work just now.", errors }),
    append: post("/topics/{topic}/messages", {
      summary: "Appends a batch to a topic.",
      input: z.object({ topic: Name, batch: Batch }),
      ...publishing,
    }),
    send: post("/queues/{queue}/messages", {
      summary: "Sends a batch to a queue.",
      input: z.object({ queue: Name, batch: Batch }),
      ...publishing,
    }),
    consume: post("/consumers", {
      summary: "Takes deliveries, for as long as the stream is read.",
      input: Consuming,
      stream: Item,
      errors,
      // It has no end of its own; whoever consumes begins again.
      timeoutMs: weekMs,
    }),
    settle: post("/consumers/{consumer}/ends", {
      summary: "Says how deliveries ended.",
      input: z.object({ consumer, acked: listOf(Count), others: listOf(Ended) }),
      output: z.object({
        lost: listOf(Count),
        failed: listOf(z.object({ number: Count, code: z.string(), message: z.string() })),
      }),
      bodyBytesMax,
      errors,
    }),
    pause: post("/consumers/{consumer}/pause", {
      summary: "Takes no more; the stream says when the last one came.",
      input: z.object({ consumer }),
      idempotent: true,
      errors,
    }),
    leave: del("/consumers/{consumer}", {
      summary: "Ends a consumer; what it has in hand goes back.",
      input: z.object({ consumer }),
      errors,
    }),
    read: post("/topics/{topic}/read", {
      summary: "Reads a topic without a group.",
      // `beyond`: the first message is known already and left out; how the next page is asked for.
      input: z.object({ topic: Name, from: Start, max: Max, beyond: z.boolean().default(false) }),
      output: Page,
      idempotent: true,
      errors,
    }),
    seek: put("/topics/{topic}/groups/{group}", {
      summary: "Sends a group elsewhere.",
      input: z.object({ topic: Name, group: Name, to: Start }),
      errors,
    }),
    forget: del("/topics/{topic}/groups/{group}", {
      summary: "Forgets a group.",
      input: z.object({ topic: Name, group: Name }),
      errors,
    }),
    topics: get("/topics", { summary: "All topics.", output: z.object({ topics: listOf(TopicFacts) }), errors }),
    peek: get("/queues/{queue}/messages", {
      summary: "Looks into a queue.",
      input: z.object({ queue: Name, max: Max }),
      output: Page,
      errors,
    }),
    purge: post("/queues/{queue}/purge", {
      summary: "Empties a queue.",
      input: z.object({ queue: Name }),
      output: z.object({ count: Count }),
      errors,
    }),
    queues: get("/queues", { summary: "All queues.", output: z.object({ queues: listOf(QueueFacts) }), errors }),
    deadLetterSources: get("/dead-letters/sources", {
      summary: "Who gave up how many messages.",
      output: z.object({ sources: listOf(z.object({ source: Source, count: Count, oldestMs: z.number() })) }),
      errors,
    }),
    deadLetters: post("/dead-letters/read", {
      summary: "Dead letters of one source, oldest first.",
      input: z.object({ source: Source, max: Max, after: z.string().max(255).optional() }),
      output: z.object({ letters: listOf(Letter), cut: z.boolean() }),
      idempotent: true,
      errors,
    }),
    redrive: post("/dead-letters/redrive", {
      summary: "Delivers a dead letter again.",
      input: z.object({ source: Source, id: z.string().max(255) }),
      output: z.object({ found: z.boolean() }),
      errors,
    }),
    remove: post("/dead-letters/remove", {
      summary: "Removes a dead letter.",
      input: z.object({ source: Source, id: z.string().max(255) }),
      output: z.object({ found: z.boolean() }),
      errors,
    }),
  },
});

/** The contract, for types that follow from it. */
export type BrokerContract = typeof brokerContract;
