/** The clients of one broker, and what everything here shares. */
import { CantleError, type Clock, type Random } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import { Admin, type BaseOptions, type ClusterTopicMetadata, Consumer, Producer } from "@platformatic/kafka";
import { isProtocolError, isUnsupported, translate } from "./errors.ts";
import { Names } from "./names.ts";
import type { Location } from "./url.ts";

/** How long an answer of the cluster is waited for, ms. */
export const answerMs = 10_000;
const connectMs = 5_000;

/** What everything here shares. */
export interface Connection {
  readonly admin: Admin;
  readonly producer: Producer;
  /** Reads without a group. */
  readonly reader: Consumer;
  readonly names: Names;
  readonly location: Location;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** What every client of this broker begins with. */
  readonly clientOptions: BaseOptions;
  /** Throws `BROKER_UNAVAILABLE` once it is closed. */
  assertOpen(): void;
  close(): Promise<void>;
}

/** Connects. Throws `BROKER_UNAVAILABLE`. */
export async function openConnection(
  location: Location,
  rest: Pick<Connection, "clock" | "random" | "log">,
): Promise<Connection> {
  const clientOptions = clientOptionsOf(location);
  const admin = new Admin(clientOptions);
  const { idempotent } = location;
  const producer = new Producer({
    ...clientOptions,
    idempotent,
    acks: -1,
    autocreateTopics: true,
    repeatOnStaleMetadata: true,
  });
  const reader = new Consumer({ ...clientOptions, groupId: `cantle-reader-${rest.random.hex(4)}`, autocommit: false });
  const clients = [admin, producer, reader];
  let isOpen = true;
  const close = async () => {
    isOpen = false;
    await Promise.allSettled([admin.close(), producer.close(), reader.close(true)]);
  };
  // What a client says of its connections comes as errors of the calls too.
  for (const client of clients) client.on("error", () => {});
  try {
    await admin.metadata({ topics: [] });
    // A broker hands out an id for -1; the client would ask for 0, which some take for somebody's id.
    if (idempotent) await producer.initIdempotentProducer({ producerId: -1n, producerEpoch: -1 });
  } catch (error) {
    await close();
    throw translate(error);
  }
  return {
    ...rest,
    admin,
    producer,
    reader,
    location,
    clientOptions,
    names: new Names(location.prefix),
    assertOpen() {
      if (!isOpen) throw new CantleError("BROKER_UNAVAILABLE", "the broker is closed");
    },
    close,
  };
}

/**
 * Makes a topic if it is missing, compacted if it is to be: as the cluster's defaults have it, for how many partitions and copies
 * there are is an operator's business.
 */
export async function ensureTopic(
  { admin }: Connection,
  topic: string,
  { compacted = false }: { readonly compacted?: boolean } = {},
): Promise<ClusterTopicMetadata> {
  const known = await describeTopic(admin, topic);
  if (known !== undefined) return known;
  try {
    const configs = compacted ? [{ name: "cleanup.policy", value: "compact" }] : [];
    await admin.createTopics({ topics: [topic], partitions: -1, replicas: -1, configs });
  } catch (error) {
    // Somebody else made it; or the broker makes topics only by being asked for them, as below.
    if (!isProtocolError(error, ["TOPIC_ALREADY_EXISTS"]) && !isUnsupported(error)) throw error;
  }
  const { topics } = await admin.metadata({ topics: [topic], autocreateTopics: true, forceUpdate: true });
  const made = topics.get(topic);
  if (made !== undefined) return made;
  throw new CantleError("BROKER_UNAVAILABLE", "a topic could not be made", {
    help: "create it, or let the user of the URL create topics",
    notes: topic,
  });
}

/** What the cluster says of a topic; undefined when there is none. */
export async function describeTopic(admin: Admin, topic: string): Promise<ClusterTopicMetadata | undefined> {
  const all = await admin.listTopics();
  if (!all.includes(topic)) return undefined;
  const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
  return topics.get(topic);
}

function clientOptionsOf({ servers, tls, login }: Location): BaseOptions {
  return {
    clientId: "cantle",
    bootstrapBrokers: [...servers],
    connectTimeout: connectMs,
    requestTimeout: answerMs,
    timeout: answerMs,
    retries: 3,
    ...(tls && { tls: {} }),
    ...(login !== undefined && {
      sasl: { mechanism: login.mechanism, username: login.user, password: login.password },
    }),
  };
}
