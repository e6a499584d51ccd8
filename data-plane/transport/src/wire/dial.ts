/** Dialling the wire. */
import { createConnection, type LookupFunction } from "node:net";
import { CantleError } from "@cantle/core";
import { createLookup } from "../lookup.ts";
import type { Connection } from "../transport.ts";
import { parseAddress } from "./address.ts";
import { type DialOptions, WireClient } from "./client.ts";
import { wireLimits } from "./limits.ts";
import type { Pipe } from "./pipe.ts";
import { socketPipe } from "./socket-pipe.ts";

/**
 * A connection to `unix:` or `tcp:`. It connects at its first call, and again at the first call after it broke or the other side left;
 * how often that is worth while is the mesh's business. Calls wait while it connects; if that fails, all of them do, with
 * `CONNECT_FAILED`: they were never sent.
 */
export function dialWire(address: string, options: DialOptions & { readonly lookup?: LookupFunction }): Connection {
  const at = parseAddress(address);
  const lookup = options.lookup ?? createLookup(options);
  const { writeBufferBytesMax } = { ...wireLimits, ...options.limits };
  return redialled(options, () => {
    const socket =
      at.kind === "unix" ? createConnection(at.path) : createConnection({ port: at.port, host: at.host, lookup });
    return socketPipe(socket, writeBufferBytesMax);
  });
}

/** A connection that opens a pipe whenever a call finds none. */
export function redialled(options: DialOptions, open: () => Pipe): Connection {
  let client: WireClient | undefined;
  let closed = false;
  return {
    handle: (call) => {
      if (closed) return Promise.reject(new CantleError("CONNECT_FAILED", "the connection was closed"));
      if (client === undefined || client.state === "closed") client = new WireClient(open(), options);
      return client.handle(call);
    },
    get state() {
      return closed ? "closed" : (client?.state ?? "connecting");
    },
    async close() {
      closed = true;
      client?.close();
    },
  };
}

/** A connection over a pipe that is there already; when that closes, it stays closed. */
export function dialPipe(pipe: Pipe, options: DialOptions): Connection {
  const client = new WireClient(pipe, options);
  return {
    handle: client.handle,
    get state() {
      return client.state;
    },
    close: async () => client.close(),
  };
}
