/** Redis Streams with one group, `appendfsync always`: what is acknowledged, and what is acked, is on the disk, as with ours. */
import type { Part } from "../harness/part.ts";
import { brokerDriver, data } from "./drive.ts";
import { RedisConnection, type Reply } from "./redis-connection.ts";
import { startServer } from "./servers.ts";

const readMax = "1000";

/** Starts a server, publishers and a consumer. */
export async function start(): Promise<Part> {
  const server = await startServer("redis-server", (port, folder) => [
    ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
    ...["--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"],
  ]);
  const publisher = await RedisConnection.open(server.port);
  const consumer = await RedisConnection.open(server.port);
  await publisher.send([["XGROUP", "CREATE", "bench", "group", "0", "MKSTREAM"]]);
  let [acked, serial] = [0, 0];
  let isOpen = true;
  async function consume(): Promise<void> {
    const read = ["XREADGROUP", "GROUP", "group", "one", "COUNT", readMax, "BLOCK", "0", "STREAMS", "bench", ">"];
    while (isOpen) {
      const [reply] = await consumer.send([read]);
      const ids = idsOf(reply);
      await consumer.send([["XACK", "bench", "group", ...ids]]);
      acked += ids.length;
    }
  }
  consume().catch((error: unknown) => {
    if (isOpen) throw error;
  });
  const publish = (count: number) => {
    const time = new Date().toISOString();
    const members = () => ["id", `m-${serial++}`, "source", "bench", "time", time, "data", data];
    const commands = Array.from({ length: count }, () => ["XADD", "bench", "MAXLEN", "~", "100000", "*", ...members()]);
    return publisher.send(commands);
  };
  return {
    pids: [process.pid, server.pid],
    drive: brokerDriver({ publish, acked: () => acked }),
    async stop() {
      isOpen = false;
      publisher.close();
      consumer.close();
      await server.stop();
    },
  };
}

/** The ids in what `XREADGROUP` answers: one stream with its entries. */
function idsOf(reply: Reply | undefined): string[] {
  const [stream] = (reply ?? []) as readonly (readonly [string, readonly (readonly [string, Reply])[]])[];
  return stream?.[1].map(([id]) => id) ?? [];
}
