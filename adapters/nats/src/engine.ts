/** The engine: opens brokers on NATS servers with JetStream. */
import { CantleError } from "@cantle/core";
import {
  type Broker,
  type BrokerEngine,
  type BrokerFacts,
  type BrokerOptions,
  messageBytesDefault,
} from "@cantle/messaging";
import { headerBytesMax } from "./cloud-event.ts";
import { type Connection, openConnection } from "./connection.ts";
import { deadLettersOf, redriveBy } from "./dead-letters.ts";
import { translate, translated } from "./errors.ts";
import { NatsLog } from "./log.ts";
import { NatsQueue } from "./queue.ts";
import { openStreams, type Streams, TopicStreams } from "./streams.ts";
import { locationOf } from "./url.ts";

const versionMin = { major: 2, minor: 9 };
const nanosPerMs = 1_000_000;

/** The engine for `nats://` and `tls://`. */
export const nats: BrokerEngine = {
  async open(options: BrokerOptions): Promise<Broker> {
    const connection = await openConnection(locationOf(options.url), options);
    try {
      checkVersion(connection);
      const streams = await openStreams(connection);
      return brokerOf(connection, factsOf(connection, { streams, messageBytesMax: options.messageBytesMax }));
    } catch (error) {
      await connection.nc.close();
      throw translate(error);
    }
  },
};

function brokerOf(connection: Connection, facts: BrokerFacts): Broker {
  const { nc, jsm, names } = connection;
  const topics = new TopicStreams(connection);
  const log = new NatsLog(connection, { topics, messageBytesMax: facts.messageBytesMax });
  const queue = new NatsQueue(connection, facts);
  let closing: Promise<void> | undefined;
  const close = async () => {
    await Promise.allSettled([log.close(), queue.close()]);
    await nc.close();
  };
  return {
    facts,
    log,
    queue,
    deadLetters: deadLettersOf(
      connection,
      redriveBy(connection, (topic) => topics.ensure(topic)),
    ),
    check: () =>
      translated(async () => {
        connection.assertOpen();
        // A question would wait for a connection; whoever asks for readiness wants to know about this moment.
        if (!connection.link.isUp) throw new CantleError("BROKER_UNAVAILABLE", "there is no connection to the broker");
        await jsm.streams.info(names.queues);
      }),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function factsOf(
  connection: Connection,
  {
    streams,
    messageBytesMax = messageBytesDefault,
  }: { readonly streams: Streams; readonly messageBytesMax?: number | undefined },
): BrokerFacts {
  const { info } = connection.nc;
  const { queues } = streams;
  return {
    product: "NATS JetStream",
    version: info?.version ?? "",
    durable: durabilityOf(connection, queues.config),
    orderedByKey: true,
    keepsFailures: true,
    delays: true,
    priorities: true,
    dedupWindowMs: queues.config.duplicate_window / nanosPerMs,
    messageBytesMax: Math.min(messageBytesMax, (info?.max_payload ?? 0) - headerBytesMax),
  };
}

/**
 * JetStream acknowledges before it syncs: with one copy on disk, a power cut may take what was acknowledged in the last
 * `sync_interval` (two minutes; newer servers can be told otherwise, 2.9 cannot). No client can ask the server for that setting.
 */
function durabilityOf(
  { log }: Connection,
  { storage, num_replicas: replicas }: Streams["queues"]["config"],
): BrokerFacts["durable"] {
  if (replicas >= 3) return storage === "file" ? "power" : "crash";
  if (storage === "memory") return "nothing";
  log.warn("the broker may lose acknowledged messages in a power cut", {
    why: "NATS keeps one copy and syncs it to disk every two minutes, unless its configuration says `sync_interval: always`",
    help: "use three servers and `replicas=3` in the URL, or a server newer than 2.9 with `sync_interval: always`; whether that is set cannot be asked from here",
  });
  return "crash";
}

function checkVersion({ nc }: Connection): void {
  const [major = 0, minor = 0] = (nc.info?.version ?? "").split(".").map(Number);
  if (major > versionMin.major || (major === versionMin.major && minor >= versionMin.minor)) return;
  throw new CantleError("CONFIG_INVALID", "the NATS server is too old", {
    help: `use ${versionMin.major}.${versionMin.minor} or later`,
    notes: `it says ${nc.info?.version}`,
  });
}
