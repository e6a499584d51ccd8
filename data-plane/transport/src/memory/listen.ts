/** Making an instance callable inside its own process. */
import { CantleError, type Clock } from "@cantle/core";
import type { Doors, Listener } from "../transport.ts";
import { type MemoryHub, Room } from "./hub.ts";

/** What an instance is listened for with. */
export interface ListenMemoryOptions {
  readonly hub: MemoryHub;
  readonly clock: Clock;
}

const graceMsDefault = 10_000;

/**
 * Serves `doors` to this process as the instance `id`. Throws `PORT_BUSY` when the hub has one of that id.
 *
 * `stop` does not cancel what its grace leaves over: there is no connection that ends with it, and callers have their deadlines.
 */
export function listenMemory(id: string, doors: Doors, { hub, clock }: ListenMemoryOptions): Listener {
  if (hub.rooms.has(id)) throw new CantleError("PORT_BUSY", `the instance '${id}' is served already`);
  const room = new Room(doors);
  hub.rooms.set(id, room);

  function drain(): Promise<void> {
    room.draining = true;
    if (room.inFlight === 0) room.empty.resolve();
    return room.empty.promise;
  }

  return {
    address: `memory:${id}`,
    drain,
    async stop(graceMs = graceMsDefault) {
      const drained = drain();
      if (graceMs > 0) {
        const timer = clock.after(graceMs, room.empty.resolve);
        await drained;
        timer.cancel();
      }
      if (hub.rooms.get(id) === room) hub.rooms.delete(id);
    },
  };
}
