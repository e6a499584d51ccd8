/** How an instance is reached and reaches others: the one thing in which processes, HTTP-only processes and threads differ. */
import type { Clock, Random } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import { type Connection, type Doors, type Listener, listenHttp, listenWire } from "@cantle/transport";
import { type ConnectOptions, connector, socketOf } from "./addresses.ts";

/** What listening needs. */
export interface ListenOptions {
  readonly instance: string;
  readonly doors: Doors;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** A way between instances. */
export interface Network {
  connector(options: ConnectOptions): (address: string) => Connection;
  /** Opens the doors; the best address comes first. Every service answers HTTP too, so that any language can call it. */
  listen(options: ListenOptions): Promise<Listener[]>;
  canDial(address: string): boolean;
}

/** Between processes of one host: Unix sockets, or HTTP alone. */
export function processNetwork(speak: "wire" | "http", home: string): Network {
  return {
    connector,
    async listen({ instance, doors, clock, random, log }) {
      const http = await listenHttp(doors, { clock, random, log });
      if (speak === "http") return [http];
      return [await listenWire(socketOf(home, instance), doors, { clock, random }), http];
    },
    canDial: (address) => speak === "wire" || address.startsWith("http:"),
  };
}
