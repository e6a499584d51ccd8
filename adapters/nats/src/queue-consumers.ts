/**
 * The durable consumers of a queue: one for each priority, and one for what is sent for later. Made when somebody works for the
 * queue for the first time. Their `ack_wait` is how long the server leaves a message alone; it is set once, from the lease of
 * whoever came first, and stays: longer leases are kept up by asking again (`queue-delivery.ts`).
 */
import type { ConsumerInfo } from "@nats-io/jetstream";
import type { Connection } from "./connection.ts";
import { isApiError } from "./errors.ts";
import { type QueueLane, queueLanes } from "./names.ts";

const nanosPerMs = 1_000_000;
const laterWaitMs = 30_000;

/** How long the server waits beyond a lease: for what the network and a look at the clock (`awake.ts`) may take. */
export function ackWaitOf(leaseMs: number): number {
  return Math.ceil(leaseMs * 1.25) + 1_000;
}

/** Makes those that are missing; answers with how long the server leaves a message alone, ms. */
export async function openConsumers(connection: Connection, queue: string, leaseMs: number): Promise<number> {
  const waitMs = ackWaitOf(leaseMs);
  const [first] = await Promise.all([
    ...queueLanes.map((lane) => ensured(connection, queue, { lane, waitMs })),
    ensured(connection, queue, { lane: "later", waitMs: laterWaitMs }),
  ]);
  return (first?.config.ack_wait ?? 0) / nanosPerMs;
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
