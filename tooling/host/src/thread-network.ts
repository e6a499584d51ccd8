/**
 * Between threads of one process: each pair that talks shares a channel. A thread that dials makes one, keeps an end and hands
 * the other to the main thread, which passes it on to the thread that is dialled.
 */
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { CantleError } from "@cantle/core";
import {
  type Connection,
  type Doors,
  dialPort,
  type Listener,
  listenHttp,
  type ServePortOptions,
  servePort,
} from "@cantle/transport";
import { connector } from "./addresses.ts";
import type { Network } from "./network.ts";

/** Passes the other end of a channel to the instance `to`. */
export type HandOver = (to: string, port: MessagePort) => void;

/** A network of threads: `accept` takes the channels that others opened. */
export interface ThreadNetwork extends Network {
  accept(port: MessagePort): void;
}

const scheme = "thread:";

/** The network as one thread sees it. */
export function threadNetwork(handOver: HandOver): ThreadNetwork {
  let serve: ((port: MessagePort) => void) | undefined;
  return {
    connector(options) {
      const elsewhere = connector(options);
      return (address) => (address.startsWith(scheme) ? dialThread(address.slice(scheme.length)) : elsewhere(address));
      function dialThread(to: string): Connection {
        const { port1, port2 } = new MessageChannel();
        handOver(to, port2);
        return dialPort(port1, {
          clock: options.clock,
          services: options.services,
          get token() {
            return options.token();
          },
        });
      }
    },
    async listen({ instance, doors, clock, random, log }) {
      const threads = threadListener(doors, { instance, clock, random });
      serve = threads.accept;
      return [threads, await listenHttp(doors, { clock, random, log })];
    },
    canDial: (address) => address.startsWith(scheme) || address.startsWith("http:"),
    accept(port) {
      if (serve === undefined) port.close();
      else serve(port);
    },
  };
}

/** A listener for channels. */
export function threadListener(
  doors: Doors,
  options: ServePortOptions,
): Listener & { readonly accept: (port: MessagePort) => void } {
  const channels = new Set<Listener>();
  const all = (act: (channel: Listener) => Promise<void>) => Promise.all([...channels].map(act)).then(() => {});
  let draining = false;
  return {
    address: `${scheme}${options.instance}`,
    accept(port) {
      if (draining) {
        port.close();
        return;
      }
      const channel = servePort(port, doors, options);
      channels.add(channel);
      port.on("close", () => channels.delete(channel));
    },
    drain() {
      draining = true;
      return all((channel) => channel.drain());
    },
    stop(graceMs) {
      draining = true;
      return all((channel) => channel.stop(graceMs));
    },
  };
}

/** Where channels are passed on: the main thread's list of who takes them. */
export interface Exchange {
  readonly handOver: HandOver;
  add(instance: string, accept: (port: MessagePort) => void): () => void;
}

/** A channel for nobody is closed, and whoever dialled sees a broken connection. */
export function createExchange(): Exchange {
  const accepting = new Map<string, (port: MessagePort) => void>();
  return {
    handOver: (to, port) => (accepting.get(to) ?? ((unwanted: MessagePort) => unwanted.close()))(port),
    add(instance, accept) {
      if (accepting.has(instance)) throw new CantleError("PORT_BUSY", `there is an instance '${instance}' already`);
      accepting.set(instance, accept);
      return () => void accepting.delete(instance);
    },
  };
}
