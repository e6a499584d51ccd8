/**
 * NATS JetStream on files, one work queue. Its acknowledgement promises less: it is synced every two minutes, not before it is
 * given (`sync_interval: always` came with 2.10).
 */
import { AckPolicy, jetstream, jetstreamManager, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { Part } from "../harness/part.ts";
import { brokerDriver, data } from "./drive.ts";
import { startNats } from "./servers.ts";

/** Starts a server, publishers and a consumer. */
export async function start(): Promise<Part> {
  const server = await startNats();
  const connection = await connect({ servers: `127.0.0.1:${server.port}` });
  const manager = await jetstreamManager(connection);
  const subjects = ["bench.work"];
  const kept = { retention: RetentionPolicy.Workqueue, storage: StorageType.File };
  await manager.streams.add({ name: "bench", subjects, ...kept });
  await manager.consumers.add("bench", { durable_name: "one", ack_policy: AckPolicy.Explicit, max_ack_pending: 1_000 });
  const js = jetstream(connection);
  const consumer = await js.consumers.get("bench", "one");
  let acked = 0;
  await consumer.consume({
    max_messages: 1_000,
    callback: (message) => {
      void message.ackAck().then(() => {
        acked += 1;
      });
    },
  });
  const publish = (count: number) => Promise.all(Array.from({ length: count }, () => js.publish("bench.work", data)));
  return {
    pids: [process.pid, server.pid],
    drive: brokerDriver({ publish, acked: () => acked }),
    async stop() {
      await connection.close();
      await server.stop();
    },
  };
}
