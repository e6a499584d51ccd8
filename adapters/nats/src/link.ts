/**
 * Whether there is a connection just now. The client connects again by itself; what was on its way when a connection broke is
 * lost, and the client does not say so to whoever waits for an answer. So they ask here.
 */
import { CantleError, type Clock } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { NatsConnection } from "@nats-io/transport-node";

/** What somebody wants to know. */
export interface LinkWatcher {
  /** The connection broke. */
  readonly broken?: (() => void) | undefined;
  /** There is one again. */
  readonly mended?: (() => void) | undefined;
}

/** The state of one client's connection. */
export class Link {
  readonly #nc: NatsConnection;
  readonly #clock: Clock;
  readonly #watchers = new Set<LinkWatcher>();
  #isUp = true;

  constructor(nc: NatsConnection, { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#nc = nc;
    this.#clock = clock;
    void this.#watch(log);
  }

  /** False while the client tries to connect again, and when it is closed. */
  get isUp(): boolean {
    return this.#isUp && !this.#nc.isClosed();
  }

  /** Tells of changes; answers with how to stop that. */
  watch(watcher: LinkWatcher): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Resolves when there is a connection; throws `BROKER_UNAVAILABLE` when there is none for so long. */
  async up(patienceMs: number): Promise<void> {
    if (this.isUp) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = this.watch({ mended: resolve });
    const timer = this.#clock.after(patienceMs, () =>
      reject(new CantleError("BROKER_UNAVAILABLE", "there is no connection to the broker")),
    );
    try {
      await promise;
    } finally {
      stop();
      timer.cancel();
    }
  }

  async #watch(log: Logger): Promise<void> {
    for await (const { type } of this.#nc.status()) {
      if (type === "disconnect") {
        this.#isUp = false;
        log.warn("the connection to the broker is broken");
        for (const { broken } of [...this.#watchers]) broken?.();
      }
      if (type === "reconnect") {
        this.#isUp = true;
        log.info("the broker is connected again");
        for (const { mended } of [...this.#watchers]) mended?.();
      }
    }
  }
}
