/**
 * The durable consumers of a queue: one for each priority, and one for what is sent for later. Made when somebody works for the
 * queue for the first time. Their `ack_wait` is how long the server leaves a message alone; it is set once, from the lease of
 * whoever came first, and stays: longer leases are kept up by asking again (`queue-delivery.ts`).
 *
 * A server may hold requests of clients that are gone. When a message comes due for the next attempt and there are only such
 * requests, servers of 2.9 lose count: they step back in the stream by one and give what is there once more, as if for the first
 * time. Asking a consumer how it stands makes the server forget such requests; and what was given before that is looked up.
 */
import type { ConsumerInfo } from "@nats-io/jetstream";
import type { Connection } from "./connection.ts";
import { isApiError } from "./errors.ts";
import { type QueueLane, queueLanes } from "./names.ts";

const nanosPerMs = 1_000_000;
const laterWaitMs = 30_000;
/** How often a server may have stepped back before anybody asked it. */
const stepsBackMax = 16;

/** The consumers of a queue. */
export interface QueueConsumers {
  /** How long the server leaves a message alone, ms. */
  readonly ackWaitMs: number;
  /** Messages up to this sequence may have been given before, whatever the server says. */
  readonly doubtUntil: number;
}

/** How long the server waits beyond a lease: for what the network and a look at the clock (`awake.ts`) may take. */
export function ackWaitOf(leaseMs: number): number {
  return Math.ceil(leaseMs * 1.25) + 1_000;
}

/** Makes those that are missing. */
export async function openConsumers(connection: Connection, queue: string, leaseMs: number): Promise<QueueConsumers> {
  const waitMs = ackWaitOf(leaseMs);
  const [later, ...lanes] = await Promise.all([
    ensured(connection, queue, { lane: "later", waitMs: laterWaitMs }),
    ...queueLanes.map((lane) => ensured(connection, queue, { lane, waitMs })),
  ]);
  const waits = lanes.map(({ config }) => (config.ack_wait ?? later.config.ack_wait ?? 0) / nanosPerMs);
  const given = Math.max(...lanes.map(({ delivered }) => delivered.stream_seq));
  return { ackWaitMs: Math.min(...waits), doubtUntil: given + stepsBackMax };
}

/** Makes the server forget the requests of those who are gone; nobody needs to know if it does not. */
export async function forgetRequests({ jsm, names }: Connection, queue: string): Promise<void> {
  await Promise.allSettled(
    queueLanes.map((lane) => jsm.consumers.info(names.queues, names.queueConsumer(queue, lane))),
  );
}

async function ensured(
  { jsm, names }: Connection,
  queue: string,
  { lane, waitMs }: { readonly lane: QueueLane; readonly waitMs: number },
): Promise<ConsumerInfo> {
  const name = names.queueConsumer(queue, lane);
  try {
    return await jsm.consumers.info(names.queues, name);
  } catch (error) {
    if (!isApiError(error, "consumerNotFound")) throw error;
  }
  try {
    return await jsm.consumers.add(names.queues, {
      durable_name: name,
      filter_subject: names.queueSubject(queue, lane),
      ack_policy: "explicit",
      ack_wait: waitMs * nanosPerMs,
      // What waits for its moment is pending on the server, and must not hold up the rest.
      max_ack_pending: -1,
    });
  } catch (error) {
    // Somebody else made it in the meantime, for another lease.
    return jsm.consumers.info(names.queues, name).catch(() => {
      throw error;
    });
  }
}
