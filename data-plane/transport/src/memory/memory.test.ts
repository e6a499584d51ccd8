/** The memory transport is a transport. */
import { transportConformance } from "../conformance.ts";
import { dialMemory } from "./dial.ts";
import { memoryHub } from "./hub.ts";
import { listenMemory } from "./listen.ts";

transportConformance(
  "memory",
  async ({ doors, clock }) => {
    const hub = memoryHub();
    const listener = listenMemory("things-1", doors, { hub, clock });
    const connection = dialMemory(hub, "things-1");
    return { connection, listener, close: () => listener.stop(0) };
  },
  { sameProcess: true },
);
