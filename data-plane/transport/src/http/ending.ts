/**
 * How a server ends: it takes nothing new, lets what is open finish, and cuts what does not.
 *
 *     drain    no new connections or no new calls, as it was made; the open ones are finished
 *     linger   no new connections; who is connected is served once more, and told that it was the last time
 *     stop     drain, then the end of every connection, at the latest after the grace
 */
import type { Server as HttpListener } from "node:http";
import { Server } from "node:net";
import { type Clock, within } from "@cantle/core";
import type { Lines } from "./exchange.ts";
import type { Flow } from "./flow.ts";

/** The ways to end a server. */
export interface Ending {
  drain(): Promise<void>;
  /**
   * For a server that leaves while another has its port: who has a connection learns of it by an answer, not by a request that
   * is lost. Resolves when all are closed, at the latest after `ms`.
   */
  linger(ms: number): Promise<void>;
  stop(graceMs?: number): Promise<void>;
}

/** What is to be ended. */
export interface Endable {
  readonly server: HttpListener;
  readonly flow: Flow;
  readonly lines: Lines;
  readonly clock: Clock;
  readonly whileDraining: "refuse" | "serve";
}

/** How long calls in flight may take to end when a server is stopped. */
const graceMsDefault = 10_000;

/** The ending of a server that listens. */
export function endingOf({ server, flow, lines, clock, whileDraining }: Endable): Ending {
  const closed = new Promise<void>((resolve) => void server.once("close", resolve));

  function drain(): Promise<void> {
    if (whileDraining === "serve") server.close();
    return flow.drain();
  }

  return {
    drain,
    async linger(ms) {
      // The listener alone: Node's own `close` of an HTTP server ends idle connections too, at any moment.
      Server.prototype.close.call(server);
      void flow.drain();
      await within(clock, ms, closed);
    },
    async stop(graceMs = graceMsDefault) {
      const drained = drain();
      if (graceMs > 0) await within(clock, graceMs, Promise.race([drained, closed]));
      server.close();
      // What was answered may still be on its way out; what was not is cancelled with its connection.
      if (flow.inFlight > 0 || graceMs <= 0) lines.cut();
      else lines.finish();
      if (graceMs > 0) await within(clock, graceMs, closed);
      lines.cut();
      await closed;
    },
  };
}
