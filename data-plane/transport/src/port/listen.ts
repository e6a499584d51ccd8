/** Serving another thread. */
import type { MessagePort } from "node:worker_threads";
import type { Doors, Listener } from "../transport.ts";
import type { ServeOptions } from "../wire/server.ts";
import { createServing } from "../wire/serving.ts";
import { messagePipe } from "./message-pipe.ts";

/** What a port is served with. */
export interface ServePortOptions extends ServeOptions {
  /** The id of the instance that is served, for the listener's address. */
  readonly instance: string;
}

/** Serves one end of a channel. */
export function servePort(port: MessagePort, doors: Doors, options: ServePortOptions): Listener {
  const { add, drain, stop } = createServing(doors, options);
  add(messagePipe(port));
  return { address: `thread:${options.instance}`, drain, stop };
}
