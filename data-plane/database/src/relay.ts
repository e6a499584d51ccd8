/**
 * The relay: takes what transactions stored in the outbox to the broker, in order.
 *
 *     commit ─▶ wake ─▶ take the lease ─▶ read ─▶ publish ─▶ remove ─▶ … until nothing waits ─▶ give the lease back
 *
 * Invariants
 * 1. One relay at a time for a database, over all processes; who dies with the lease is followed after `leaseMs`.
 * 2. It is woken by whoever committed. A process whose own commit finds the lease taken tries again until nothing waits, so
 *    no message depends on the holder looking once more.
 * 3. A message is removed after the broker acknowledged it. A crash in between publishes it again under the same id, which
 *    the broker's deduplication and the consumers' inbox make harmless.
 */
import { asCantleError, type Clock, type Code, type Random, type Timer } from "@cantle/core";
import type { Publisher } from "@cantle/service";
import type { Logger } from "@cantle/telemetry";
import type { Execute } from "./execute.ts";
import { forget, isAnyWaiting, setAside, type Waiting, waiting } from "./outbox.ts";

/** What a relay works with. */
export interface RelayHost {
  /** Runs statements outside any transaction. */
  readonly execute: Execute;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** How long the lease lasts without a sign of life, ms of wall time. Longer than a broker may take to acknowledge a batch. */
const leaseMs = 15_000;
/** What is read and published at once; its messages are in memory meanwhile. */
const portion = { countMax: 500, charsMax: 4 * 1024 * 1024 } as const;
/** Between two tries while somebody else has the lease, or the broker is away: at most this, doubled up to `pauseMaxMs`. */
const pauseFirstMs = 25;
const pauseMaxMs = 5_000;

/** A relay that runs whenever it is woken. */
export class Relay {
  readonly #host: RelayHost;
  readonly #holder: string;
  #running: Promise<void> | undefined;
  #again = false;
  #stopping = false;
  #pause: { readonly timer: Timer; readonly end: () => void } | undefined;

  constructor(host: RelayHost) {
    this.#host = host;
    this.#holder = host.random.hex(8);
  }

  /** Something may wait. */
  wake(): void {
    if (this.#stopping) return;
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Finishes the batch in hand; the rest stays for the next start. Undefined when there is none. */
  stop(): Promise<void> | undefined {
    this.#stopping = true;
    this.#pause?.timer.cancel();
    this.#pause?.end();
    return this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (this.#again && !this.#stopping) {
      this.#again = false;
      try {
        const emptied = await this.#drain();
        if (emptied) {
          failures = 0;
          continue;
        }
        failures++;
      } catch (error) {
        if (failures++ === 0) this.#host.log.warn("messages wait in the outbox", { error: asCantleError(error) });
      }
      this.#again = true;
      await this.#wait(Math.min(pauseMaxMs, pauseFirstMs * 2 ** Math.min(failures, 10)));
    }
  }

  /** True when nothing waits any more; false when somebody else is at it. */
  async #drain(): Promise<boolean> {
    const { execute } = this.#host;
    if (!(await this.#takeLease())) return !(await isAnyWaiting(execute));
    try {
      while (!this.#stopping) {
        const batch = await waiting(execute, portion);
        if (batch.length === 0) return true;
        for (const run of byChannel(batch)) await this.#publish(run);
        if (!(await this.#takeLease())) return false;
      }
      return true;
    } finally {
      await this.#giveBack();
    }
  }

  async #publish(run: readonly Waiting[]): Promise<void> {
    const { execute, publisher, log } = this.#host;
    const [first] = run;
    if (first === undefined) return;
    try {
      const messages = run.map(({ message }) => message);
      await publisher.publish(first.channel, messages);
    } catch (thrown) {
      const error = asCantleError(thrown);
      if (!hopeless.has(error.code)) throw error;
      // One of several: each on its own, so that only that one stays behind.
      if (run.length > 1) {
        for (const each of run) await this.#publish([each]);
        return;
      }
      log.error("a message can never be published and was put aside", { channel: first.channel.name, error });
      await setAside(execute, first.position, error.code);
      return;
    }
    await forget(
      execute,
      run.map(({ position }) => position),
    );
  }

  async #takeLease(): Promise<boolean> {
    const { execute, clock } = this.#host;
    const nowMs = clock.wallMs();
    const rows = await execute(
      "update cantle_relay set holder = ?, until = ? where id = 1 and (holder = ? or until < ? or until > ?) returning holder",
      // A lease that ends later than any can is of a clock that was set back.
      [this.#holder, nowMs + leaseMs, this.#holder, nowMs, nowMs + 2 * leaseMs],
    );
    return rows.length > 0;
  }

  async #giveBack(): Promise<void> {
    await this.#host.execute("update cantle_relay set until = 0 where id = 1 and holder = ?", [this.#holder]);
  }

  #wait(ms: number): Promise<void> {
    const { clock, random } = this.#host;
    if (this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      this.#pause = { timer: clock.after(ms * (0.5 + random.next() / 2), resolve), end: resolve };
    });
  }
}

/** What is the same whenever it is tried. */
const hopeless: ReadonlySet<Code> = new Set<Code>([
  "CHANNEL_UNKNOWN",
  "MESSAGE_INVALID",
  "MESSAGE_TOO_LARGE",
  "PEER_REFUSED",
]);

/** Neighbours that go to the same channel travel together; the order stays. */
function byChannel(batch: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const runs: Waiting[][] = [];
  for (const each of batch) {
    const last = runs.at(-1);
    if (last?.[0]?.channel.name === each.channel.name && last[0].channel.kind === each.channel.kind) last.push(each);
    else runs.push([each]);
  }
  return runs;
}
