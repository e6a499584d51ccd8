/**
 * The connection to the servers, and what everything here shares. The client connects again by itself for as long as the
 * broker is open; whoever asked for something meanwhile gets `BROKER_UNAVAILABLE` after `answerMs`.
 */
import { CantleError, type Clock, type Random } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { Asker } from "./asker.ts";
import { translate } from "./errors.ts";
import { Link } from "./link.ts";
import { Names } from "./names.ts";
import { Publisher } from "./publisher.ts";
import type { Location } from "./url.ts";

/** How long an answer of the server is waited for, ms. */
export const answerMs = 5_000;
const connectMs = 5_000;
const reconnectPauseMs = 250;

/** The requests about streams and consumers. */
export type StreamRequests = Awaited<ReturnType<typeof jetstreamManager>>;

/** What everything here shares. */
export interface Connection {
  readonly nc: NatsConnection;
  readonly jsm: StreamRequests;
  readonly names: Names;
  readonly location: Location;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** This broker among all that share the server. */
  readonly id: string;
  readonly link: Link;
  readonly publisher: Publisher;
  readonly asker: Asker;
  /** Throws `BROKER_UNAVAILABLE` once it is closed. */
  assertOpen(): void;
}

/** Connects. Throws `BROKER_UNAVAILABLE`, `CONFIG_INVALID`. */
export async function openConnection(
  location: Location,
  { clock, random, log }: Pick<Connection, "clock" | "random" | "log">,
): Promise<Connection> {
  const { user, password, token } = location;
  try {
    const nc = await connect({
      servers: [...location.servers],
      name: "cantle",
      timeout: connectMs,
      maxReconnectAttempts: -1,
      reconnectTimeWait: reconnectPauseMs,
      noAsyncTraces: true,
      ...(location.tls && { tls: {} }),
      ...(user !== undefined && { user }),
      ...(password !== undefined && { pass: password }),
      ...(token !== undefined && { token }),
    });
    return await shared(nc, { location, clock, random, log });
  } catch (error) {
    throw translate(error);
  }
}

async function shared(
  nc: NatsConnection,
  rest: Pick<Connection, "location" | "clock" | "random" | "log">,
): Promise<Connection> {
  const link = new Link(nc, rest);
  try {
    return {
      ...rest,
      nc,
      jsm: await jetstreamManager(nc, { timeout: answerMs }),
      names: new Names(rest.location.prefix),
      id: rest.random.hex(8),
      link,
      publisher: new Publisher(nc, { link, clock: rest.clock, answerMs }),
      asker: new Asker(nc, { link, clock: rest.clock, answerMs }),
      assertOpen() {
        if (nc.isClosed() || nc.isDraining()) throw new CantleError("BROKER_UNAVAILABLE", "the broker is closed");
      },
    };
  } catch (error) {
    await nc.close();
    throw error;
  }
}
