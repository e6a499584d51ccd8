/**
 * Calls inside one process: the caller's call is the one that the handler gets, and its reply the one that the caller gets.
 *
 * Nothing is copied and nobody is asked who calls, as both sides are the same process: the serving inbound validates and copies,
 * for every transport. So this is two lookups and a function call.
 */
import { CantleError, type Operation } from "@cantle/core";
import type { Connection, Served } from "../transport.ts";
import type { MemoryHub, Room } from "./hub.ts";

/** A connection to the instance `id` of a hub, whether or not it is there yet. */
export function dialMemory(hub: MemoryHub, id: string): Connection {
  let closed = false;
  return {
    handle(call) {
      const room = hub.rooms.get(id);
      try {
        if (room === undefined || closed) throw unreachable(id);
        if (room.draining) throw new CantleError("DRAINING", "the instance is leaving and takes no new calls");
        const served = room.found.get(call.operation) ?? find(room, call.operation);
        // The two functions are the room's own; a closure per call would cost as much as the call.
        const reply = served.handle(call).then(room.replied, room.failed);
        room.inFlight++;
        return reply;
      } catch (error) {
        return Promise.reject(error);
      }
    },
    get state() {
      if (closed) return "closed";
      return hub.rooms.get(id)?.draining ? "draining" : "open";
    },
    async close() {
      closed = true;
    },
  };
}

function find(room: Room, operation: Operation): Served {
  const { service, name, version } = operation;
  const served = room.doors.find(service, name, version);
  if (served === undefined)
    throw new CantleError("OPERATION_UNKNOWN", `there is no operation '${name}' of '${service}' here`);
  room.found.set(operation, served);
  return served;
}

function unreachable(id: string): CantleError {
  return new CantleError("CONNECT_FAILED", `there is no instance '${id}' in this process`);
}
