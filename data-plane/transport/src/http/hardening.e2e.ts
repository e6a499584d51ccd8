import { systemClock } from "@cantle/core";
import { hardeningSuite } from "./hardening-suite.ts";
import { listenHttp } from "./listen.ts";

hardeningSuite("a service's listener", async (served, limits) => {
  const doors = {
    find: () => undefined,
    list: () => served,
    peerOf: () => ({ service: "anybody", uses: "*" }) as const,
    callerOf: (assertion: string) => ({ id: "ann", roles: [], assertion }),
  };
  const listener = await listenHttp(doors, { clock: systemClock, limits });
  return { port: listener.port, prefix: "", stop: () => listener.stop() };
});
