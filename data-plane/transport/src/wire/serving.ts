/** All connections that one listener serves, and how they end together. */
import { CantleError, within } from "@cantle/core";
import type { Doors, Listener } from "../transport.ts";
import type { Pipe } from "./pipe.ts";
import { type ServeOptions, WireServer } from "./server.ts";

/** The connections of a listener. */
export interface Serving extends Pick<Listener, "drain" | "stop"> {
  /** Serves another one. */
  add(pipe: Pipe): void;
}

/** How long `stop` lets calls finish, when it is not told. */
const graceMsDefault = 10_000;

/** Serves `doors` on every pipe that is added. */
export function createServing(doors: Doors, options: ServeOptions): Serving {
  const servers = new Set<WireServer>();
  let draining: Promise<void> | undefined;

  async function drainAll(): Promise<void> {
    await Promise.all([...servers].map((server) => server.drain()));
  }

  const drain = () => (draining ??= drainAll());

  return {
    add(pipe) {
      if (draining !== undefined) {
        pipe.destroy();
        return;
      }
      const server: WireServer = new WireServer(pipe, doors, { ...options, ended: () => void servers.delete(server) });
      servers.add(server);
    },
    drain,
    async stop(graceMs = graceMsDefault) {
      const drained = drain();
      if (graceMs > 0) await within(options.clock, graceMs, drained);
      const reason = new CantleError("UNREACHABLE", "the instance was stopped");
      for (const server of [...servers]) server.close(reason);
    },
  };
}
