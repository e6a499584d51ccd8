/** Ours, embedded: the broker in the process of its users, each message acked by itself. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom } from "@cantle/core";
import { segmentLog } from "@cantle/segment-log";
import { silentLogger } from "@cantle/telemetry";
import type { Part } from "../harness/part.ts";
import { driven } from "./driven.ts";

/** Opens it with so many queues; each batch goes to the next. */
export async function start(queueCount = 1): Promise<Part> {
  const folder = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const url = `segment-log:${folder}`;
  const broker = await segmentLog.open({ url, clock: systemClock, random: systemRandom(), log: silentLogger });
  return {
    drive: await driven(broker, queueCount),
    async stop() {
      await broker.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
