/** The wire is a transport, over Unix sockets and TCP. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@cantle/core";
import { type ConformancePair, type ConformanceSetup, transportConformance } from "../conformance.ts";
import { dialWire } from "./dial.ts";
import { listenWire } from "./listen.ts";

async function connect(address: string, setup: ConformanceSetup): Promise<ConformancePair> {
  const { doors, clock, token, services } = setup;
  const listener = await listenWire(address, doors, { clock, random: seededRandom(1) });
  const connection = dialWire(listener.address, { clock, token, services });
  return {
    connection,
    listener,
    async close() {
      await connection.close();
      await listener.stop(0);
    },
  };
}

transportConformance("tcp", (setup) => connect("tcp://127.0.0.1:0", setup));

transportConformance("unix", async (setup) => {
  const folder = await mkdtemp(join(tmpdir(), "cantle-"));
  const pair = await connect(`unix:${join(folder, "s")}`, setup);
  return {
    ...pair,
    async close() {
      await pair.close();
      await rm(folder, { recursive: true });
    },
  };
});
