/**
 * How the queues stand. The server says how many messages each lane has and how many of them were given to somebody; of those,
 * the ones that back off are told by the records of their attempts.
 */
import type { QueueFacts } from "@cantle/messaging";
import type { Attempts } from "./attempts.ts";
import type { Connection } from "./connection.ts";
import { nextMessage } from "./stored.ts";

const recordsMax = 1_000;

/** What the server says of one queue. */
interface Counts {
  /** In all lanes but `later`. */
  messages: number;
  /** Of them, given to somebody or backing off. */
  given: number;
  later: number;
}

/** How every queue stands that has messages or workers. */
export async function queueFacts(connection: Connection, attempts: Attempts): Promise<readonly QueueFacts[]> {
  const { jsm, names } = connection;
  const counts = new Map<string, Counts>();
  const of = (queue: string): Counts => {
    const known = counts.get(queue) ?? { messages: 0, given: 0, later: 0 };
    counts.set(queue, known);
    return known;
  };
  const { state } = await jsm.streams.info(names.queues, { subjects_filter: ">" });
  for (const [subject, count] of Object.entries(state.subjects ?? {})) {
    const [lane = "", name, service] = subject.split(".").reverse();
    const queue = of(`${service}.${name}`);
    if (lane === "later") queue.later += count;
    else queue.messages += count;
  }
  for await (const { name, num_ack_pending: given } of jsm.consumers.list(names.queues)) {
    const found = names.queueOfConsumer(name);
    if (found !== undefined && found.lane !== "later") of(found.queue).given += given;
  }
  return Promise.all([...counts].map(([queue, each]) => factsOf(connection, attempts, { queue, ...each })));
}

async function factsOf(
  connection: Connection,
  attempts: Attempts,
  { queue, messages, given, later }: Counts & { readonly queue: string },
): Promise<QueueFacts> {
  const nowMs = connection.clock.wallMs();
  const records = given === 0 ? [] : await attempts.list({ kind: "queue", name: queue }, recordsMax);
  const backingOff = Math.min(given, records.filter(({ untilMs }) => untilMs > nowMs).length);
  const subject = connection.names.queueSubject(queue, "*");
  const empty = messages + later === 0;
  const oldest = empty ? undefined : await nextMessage(connection, connection.names.queues, { sequence: 0, subject });
  return {
    queue,
    waiting: Math.max(0, messages - given),
    delayed: later + backingOff,
    inFlight: given - backingOff,
    oldestMs: oldest === undefined ? 0 : Math.max(0, nowMs - oldest.time.getTime()),
  };
}
