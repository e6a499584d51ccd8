/** Calling another thread. */
import type { MessagePort } from "node:worker_threads";
import type { Connection } from "../transport.ts";
import type { DialOptions } from "../wire/client.ts";
import { dialPipe } from "../wire/dial.ts";
import { messagePipe } from "./message-pipe.ts";

/** A connection over one end of a channel whose other end is served. When the channel closes, it stays closed. */
export function dialPort(port: MessagePort, options: DialOptions): Connection {
  return dialPipe(messagePipe(port), options);
}
