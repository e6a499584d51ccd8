/** Ours: a service's own HTTP listener in front of the inbound recipe, input and output validated and copied. */
import { systemClock } from "@cantle/core";
import { listenHttp } from "@cantle/transport";
import type { Part } from "../harness/part.ts";
import { meshOf, openDoors, runAlone } from "../subject/mesh.ts";
import definition from "../subject/service.ts";

/** Listens. */
export async function listen(): Promise<Part> {
  const running = await runAlone(
    definition,
    meshOf(() => () => Promise.reject(new Error("it calls nobody"))),
  );
  const listener = await listenHttp(openDoors(running), { clock: systemClock });
  return {
    url: listener.address,
    async stop() {
      await listener.stop(0);
      await running.stop();
    },
  };
}
