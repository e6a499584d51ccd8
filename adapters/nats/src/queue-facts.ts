/**
 * How the queues stand. The server says how many messages each lane has and how many of them were given to somebody; of those,
 * the ones that back off are told by the records of their attempts.
 */
import type { QueueFacts } from "@cantle/messaging";
import type { Attempts } from "./attempts.ts";
import type { Connection } from "./connection.ts";
import { mapBounded } from "./map-bounded.ts";
import { nextMessage } from "./stored.ts";

const recordsMax = 1_000;

/** What the server says of one queue. */
interface Counts {
  readonly queue: string;
  /** In all lanes but `later`. */
  messages: number;
  /** Of them, given to somebody or backing off. */
  given: number;
  later: number;
  /** The subjects that have messages. */
  readonly subjects: string[];
}

/** How every queue stands that has messages or workers. */
export async function queueFacts(connection: Connection, attempts: Attempts): Promise<readonly QueueFacts[]> {
  const { jsm, names } = connection;
  const counts = new Map<string, Counts>();
  const of = (queue: string): Counts => {
    const known = counts.get(queue) ?? { queue, messages: 0, given: 0, later: 0, subjects: [] };
    counts.set(queue, known);
    return known;
  };
  const { state } = await jsm.streams.info(names.queues, { subjects_filter: ">" });
  for (const [subject, count] of Object.entries(state.subjects ?? {})) {
    const [lane = "", name, service] = subject.split(".").reverse();
    const queue = of(`${service}.${name}`);
    queue.subjects.push(subject);
    if (lane === "later") queue.later += count;
    else queue.messages += count;
  }
  for await (const { name, num_ack_pending: given } of jsm.consumers.list(names.queues)) {
    const found = names.queueOfConsumer(name);
    if (found !== undefined && found.lane !== "later") of(found.queue).given += given;
  }
  return mapBounded([...counts.values()], (each) => factsOf(connection, attempts, each));
}

async function factsOf(
  connection: Connection,
  attempts: Attempts,
  { queue, messages, given, later, subjects }: Counts,
): Promise<QueueFacts> {
  const nowMs = connection.clock.wallMs();
  const records = given === 0 ? [] : await attempts.list({ kind: "queue", name: queue }, recordsMax);
  const backingOff = Math.min(given, records.filter(({ untilMs }) => untilMs > nowMs).length);
  let oldestMs = 0;
  // One by one: for a subject with a wildcard the server would look through the whole stream.
  for (const subject of subjects) {
    const oldest = await nextMessage(connection, connection.names.queues, { sequence: 0, subject });
    if (oldest !== undefined) oldestMs = Math.max(oldestMs, nowMs - oldest.time.getTime());
  }
  return {
    queue,
    waiting: Math.max(0, messages - given),
    delayed: later + backingOff,
    inFlight: given - backingOff,
    oldestMs,
  };
}
