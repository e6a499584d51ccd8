/** The engine: opens brokers on Kafka clusters. Topics only; a system with queues needs another engine. */
import {
  type Broker,
  type BrokerEngine,
  type BrokerFacts,
  type BrokerOptions,
  messageBytesDefault,
} from "@cantle/messaging";
import { type Connection, openConnection } from "./connection.ts";
import { KafkaDeadLetters } from "./dead-letters.ts";
import { translated } from "./errors.ts";
import { KafkaLog } from "./log.ts";
import { type PartitionOf, partitionByKey } from "./partition-of.ts";
import { Publisher } from "./publisher.ts";
import { Reader } from "./reader.ts";
import { locationOf } from "./url.ts";

export type { PartitionOf } from "./partition-of.ts";

/** What brokers take for a batch unless they are told otherwise, less what is there beside the data, bytes. */
const batchBytesMax = 1024 * 1024 - 32 * 1024;

/** How an engine differs from the usual one. */
export interface KafkaSettings {
  /** Where messages go; default by key, as Java's clients do it. */
  readonly partitionOf?: PartitionOf | undefined;
}

/** Makes an engine for `kafka://`. */
export function createKafkaEngine(settings: KafkaSettings = {}): BrokerEngine {
  return {
    async open(options: BrokerOptions): Promise<Broker> {
      const connection = await openConnection(locationOf(options.url), options);
      return brokerOf(connection, {
        partitionOf: settings.partitionOf ?? partitionByKey(options.random),
        messageBytesMax: Math.min(options.messageBytesMax ?? messageBytesDefault, batchBytesMax),
      });
    },
  };
}

/** The engine of this process. */
export const kafka: BrokerEngine = createKafkaEngine();

function brokerOf(
  connection: Connection,
  { partitionOf, messageBytesMax }: { readonly partitionOf: PartitionOf; readonly messageBytesMax: number },
): Broker {
  const publisher = new Publisher(connection);
  const reader = new Reader(connection);
  const deadLetters = new KafkaDeadLetters(connection, { publisher, reader });
  const log = new KafkaLog(connection, { publisher, reader, deadLetters, messageBytesMax, partitionOf });
  let closing: Promise<void> | undefined;
  const close = async () => {
    await log.close();
    await connection.close();
  };
  return {
    facts: factsOf(messageBytesMax),
    log,
    queue: undefined,
    deadLetters,
    check: () =>
      translated(async () => {
        connection.assertOpen();
        await connection.admin.metadata({ topics: [], forceUpdate: true });
      }),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function factsOf(messageBytesMax: number): BrokerFacts {
  return {
    product: "Apache Kafka",
    // The protocol tells versions of requests, not of brokers.
    version: "",
    // Acknowledged by all copies that are in step, none of which needs to have synced it to its disk.
    durable: "crash",
    orderedByKey: true,
    keepsFailures: true,
    delays: false,
    priorities: false,
    dedupWindowMs: 0,
    messageBytesMax,
  };
}
