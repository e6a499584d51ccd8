/**
 * The connection to the servers, and what everything here shares. The client connects again by itself for as long as the
 * broker is open; whoever asked for something meanwhile gets `BROKER_UNAVAILABLE` after `answerMs`.
 */
import { CantleError, type Clock, type Random } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { translate } from "./errors.ts";
import { Names } from "./names.ts";
import type { Location } from "./url.ts";

/** How long an answer of the server is waited for, ms. */
export const answerMs = 5_000;
const connectMs = 5_000;
const reconnectPauseMs = 250;

/** What everything here shares. */
export interface Connection {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly names: Names;
  readonly location: Location;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** This broker among all that share the server. */
  readonly id: string;
  /** Runs `task` whenever the client has connected again; answers with how to stop that. */
  onReconnect(task: () => void): () => void;
  /** False while the client tries to connect again. */
  isConnected(): boolean;
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
  const reconnected = new Set<() => void>();
  const link = { isUp: true };
  void watch(nc, { log: rest.log, link, reconnected });
  try {
    return {
      ...rest,
      nc,
      js: jetstream(nc, { timeout: answerMs }),
      jsm: await jetstreamManager(nc, { timeout: answerMs }),
      names: new Names(rest.location.prefix),
      id: rest.random.hex(8),
      isConnected: () => link.isUp && !nc.isClosed(),
      onReconnect(task) {
        reconnected.add(task);
        return () => void reconnected.delete(task);
      },
      assertOpen() {
        if (nc.isClosed() || nc.isDraining()) throw new CantleError("BROKER_UNAVAILABLE", "the broker is closed");
      },
    };
  } catch (error) {
    await nc.close();
    throw error;
  }
}

/** What is told of how the connection does. */
interface Watching {
  readonly log: Logger;
  readonly link: { isUp: boolean };
  readonly reconnected: ReadonlySet<() => void>;
}

/** Tells the log how the connection does, and whoever wants to know that it is back. */
async function watch(nc: NatsConnection, { log, link, reconnected }: Watching): Promise<void> {
  for await (const status of nc.status()) {
    if (status.type === "disconnect") {
      link.isUp = false;
      log.warn("the connection to the broker is broken");
    }
    if (status.type !== "reconnect") continue;
    link.isUp = true;
    log.info("the broker is connected again");
    for (const task of reconnected) task();
  }
}
