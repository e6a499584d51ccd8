/** Ours over the NATS server that its raw client has as a contestant of its own. */
import { systemClock, systemRandom } from "@cantle/core";
import { nats } from "@cantle/nats";
import { silentLogger } from "@cantle/telemetry";
import type { Part } from "../harness/part.ts";
import { driven } from "./driven.ts";
import { startNats } from "./servers.ts";

/** Starts a server, publishers and a consumer. */
export async function start(): Promise<Part> {
  const server = await startNats();
  const url = `nats://127.0.0.1:${server.port}`;
  const broker = await nats.open({ url, clock: systemClock, random: systemRandom(), log: silentLogger });
  return {
    pids: [process.pid, server.pid],
    drive: await driven(broker, 1),
    async stop() {
      await broker.close();
      await server.stop();
    },
  };
}
