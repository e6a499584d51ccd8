/** The port transport is a transport. */
import { MessageChannel } from "node:worker_threads";
import { seededRandom } from "@cantle/core";
import { transportConformance } from "../conformance.ts";
import { dialPort } from "./dial.ts";
import { servePort } from "./listen.ts";

transportConformance("port", async ({ doors, clock, token, services }) => {
  const { port1, port2 } = new MessageChannel();
  const listener = servePort(port2, doors, { clock, random: seededRandom(1), instance: "things-1" });
  const connection = dialPort(port1, { clock, token, services });
  return {
    connection,
    listener,
    async close() {
      await connection.close();
      await listener.stop(0);
    },
  };
});
