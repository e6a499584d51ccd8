/**
 * The workers of one queue in this broker. They ask the server for as many messages as they have room for, the urgent first:
 *
 *     for each priority in turn: does a request wait on the server?  ── yes ─▶ then there is none: the next priority
 *                                        │ no
 *                                        ▼
 *                      ask for as many as there is room ── all came ─▶ again
 *                                        │ fewer
 *                                        ▼
 *                      leave a request for one waiting on the server
 *
 * A message that comes to such a waiting request when there is no room any more (two came at once) goes back uncounted.
 */
import { createDeadlines, type Deadlines, delay, type Timer } from "@cantle/core";
import type { ConsumeOptions, Consumption, DeadLetterSource } from "@cantle/messaging";
import { type AttemptRecord, type Attempts, triedBefore } from "./attempts.ts";
import { Awake } from "./awake.ts";
import type { Connection } from "./connection.ts";
import { queueLanes } from "./names.ts";
import { type Pulled, Puller } from "./pull.ts";
import { forgetRequests, openConsumers, type QueueConsumers } from "./queue-consumers.ts";
import { type Giver, goneFailure, QueueDelivery } from "./queue-delivery.ts";
import { LaterMover } from "./queue-later.ts";

const lookEveryMs = 250;
const waitMs = 30_000;
const pauseMs = 250;
const requestMax = 256;

/** One consumer. */
interface Worker extends ConsumeOptions {
  readonly inHand: Set<QueueDelivery>;
  /** Room that is taken by messages on their way to it. */
  expectedCount: number;
  takes: boolean;
}

/** What the work on a queue is told. */
export interface QueueWorkOptions {
  readonly queue: string;
  readonly attempts: Attempts;
  readonly consumers: QueueConsumers;
}

/** All workers of one queue here. */
export class QueueWork implements Giver {
  readonly connection: Connection;
  readonly source: DeadLetterSource;
  readonly attempts: Attempts;
  readonly ackWaitMs: number;
  readonly #workers: Worker[] = [];
  readonly #workerOf = new Map<QueueDelivery, Worker>();
  readonly #lanes: readonly Puller[];
  readonly #later: LaterMover;
  readonly #awake: Awake;
  readonly #deadlines: Deadlines;
  readonly #stopWatching: () => void;
  #keeper: Timer;
  /** Up to here a message may come a second time and be called the first (see `queue-consumers.ts`). */
  #doubtUntil: number;
  #turn = 0;
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(connection: Connection, { queue, attempts, consumers }: QueueWorkOptions) {
    const { names, clock } = connection;
    this.connection = connection;
    this.source = { kind: "queue", name: queue };
    this.attempts = attempts;
    this.ackWaitMs = consumers.ackWaitMs;
    this.#doubtUntil = consumers.doubtUntil;
    this.#awake = new Awake(clock, lookEveryMs);
    this.#deadlines = createDeadlines(clock);
    const onMessage = (pulled: Pulled) => this.#take(pulled);
    this.#lanes = queueLanes.map(
      (lane) => new Puller(connection, { stream: names.queues, consumer: names.queueConsumer(queue, lane), onMessage }),
    );
    this.#later = new LaterMover(connection, queue);
    this.#stopWatching = connection.link.watch({
      mended: () => {
        for (const lane of this.#lanes) lane.abandon();
      },
    });
    this.#keeper = clock.after(this.ackWaitMs / 3, () => this.#keepUp());
    void this.#run();
  }

  get workerCount(): number {
    return this.#workers.length;
  }

  /** Adds a worker. */
  consume(options: ConsumeOptions): Consumption {
    const worker: Worker = { ...options, inHand: new Set(), expectedCount: 0, takes: true };
    this.#workers.push(worker);
    this.#wake?.();
    return {
      pause: async () => {
        worker.takes = false;
      },
      stop: () => this.#stop(worker),
    };
  }

  /** Gives everything back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const worker of this.#workers) worker.takes = false;
    this.#stopWatching();
    this.#keeper.cancel();
    this.#later.close();
    // First nothing more may come, or what is given back would come to us again.
    await Promise.all(this.#lanes.map((lane) => lane.drain()));
    if (this.connection.link.isUp) await forgetRequests(this.connection, this.source.name);
    await Promise.all([...this.#workers].map((worker) => this.#stop(worker)));
    this.#awake.close();
    this.#wake?.();
  }

  ended(delivery: QueueDelivery): void {
    this.#deadlines.remove(delivery);
    this.#workerOf.get(delivery)?.inHand.delete(delivery);
    this.#workerOf.delete(delivery);
    this.#wake?.();
  }

  moved(delivery: QueueDelivery): void {
    this.#deadlines.remove(delivery);
    this.#deadlines.add(delivery, delivery.endMs);
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      const room = this.#room();
      const lane = room > 0 ? this.#lanes.find((each) => !each.busy) : undefined;
      if (lane === undefined) await this.#sleep();
      else {
        const how = await lane.pull({ messagesMax: Math.min(room, requestMax) });
        if (how === "gone") await this.#recover();
        else if (how === "empty" && this.#room() > 0) void this.#waitOn(lane);
      }
    }
  }

  /** Leaves a request waiting on the server; while it does, the lane is empty. */
  async #waitOn(lane: Puller): Promise<void> {
    await lane.pull({ messagesMax: 1, waitMs });
    this.#wake?.();
  }

  /** The consumers do not answer: they were deleted, or the connection is broken. */
  async #recover(): Promise<void> {
    if (this.#isClosed) return;
    await delay(this.connection.clock, pauseMs);
    const leaseMs = Math.max(0, ...this.#workers.map((worker) => worker.leaseMs));
    const opened = await openConsumers(this.connection, this.source.name, leaseMs).catch(() => undefined);
    this.#doubtUntil = Math.max(this.#doubtUntil, opened?.doubtUntil ?? 0);
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #roomOf({ takes, inFlightMax, inHand, expectedCount }: Worker): number {
    return takes ? Math.max(0, inFlightMax - inHand.size - expectedCount) : 0;
  }

  #room(): number {
    return this.#workers.reduce((sum, worker) => sum + this.#roomOf(worker), 0);
  }

  /** The next worker with room; they take turns. */
  #nextWorker(): Worker | undefined {
    for (let looked = 0; looked < this.#workers.length; looked++) {
      this.#turn = (this.#turn + 1) % this.#workers.length;
      const worker = this.#workers[this.#turn] as Worker;
      if (this.#roomOf(worker) > 0) return worker;
    }
    return undefined;
  }

  #take(pulled: Pulled): void {
    const sinceMs = this.#awake.sinceMs;
    const worker = this.#nextWorker();
    const isFresh = pulled.deliveries === 1 && pulled.sequence > this.#doubtUntil;
    if (isFresh && worker !== undefined) {
      this.#give(pulled, worker, { record: undefined, sinceMs });
      return;
    }
    if (worker !== undefined) worker.expectedCount += 1;
    this.#recordOf(pulled)
      .then((record) => {
        if (worker !== undefined) worker.expectedCount -= 1;
        this.#give(pulled, worker?.takes ? worker : undefined, { record, sinceMs });
      })
      // Nothing is known of it, so nobody may have it: it comes again when the server's time for it is over.
      .catch((error) => this.connection.log.warn("what was tried with a message cannot be read", { error }));
  }

  /** What is known of a message that came before. */
  async #recordOf({ sequence, deliveries }: Pulled): Promise<AttemptRecord | undefined> {
    const record = await this.attempts.read(this.source, sequence);
    if (record === undefined || record.deliveries < deliveries) return record;
    // The server counts from the beginning again, so the record must too.
    const again = { ...record, deliveries: deliveries - 1 };
    await this.attempts.write(this.source, sequence, again);
    return again;
  }

  #give(
    pulled: Pulled,
    worker: Worker | undefined,
    { record, sinceMs }: { readonly record: AttemptRecord | undefined; readonly sinceMs: number },
  ): void {
    const at = new Date(this.connection.clock.wallMs()).toISOString();
    const tried = triedBefore(pulled.deliveries, record, { ...goneFailure, at });
    const leaseMs = worker?.leaseMs ?? this.ackWaitMs;
    const delivery = new QueueDelivery(this, { pulled, tried, hasRecord: record !== undefined, leaseMs, sinceMs });
    // It lay in the socket for too long: somebody else has it by now.
    if (delivery.endMs <= this.connection.clock.nowMs()) return;
    if (worker === undefined) {
      delivery.release().catch(() => {});
      return;
    }
    worker.inHand.add(delivery);
    this.#workerOf.set(delivery, worker);
    this.#deadlines.add(delivery, delivery.endMs);
    worker.onDelivery(delivery);
  }

  async #stop(worker: Worker): Promise<void> {
    worker.takes = false;
    const at = this.#workers.indexOf(worker);
    if (at < 0) return;
    this.#workers.splice(at, 1);
    // Without a connection there is nobody to give them to: they come again when the server's time is over.
    if (!this.connection.link.isUp) {
      for (const delivery of worker.inHand) delivery.drop();
      return;
    }
    // Those that are lost already are on their way to somebody else.
    await Promise.allSettled([...worker.inHand].map((delivery) => delivery.release()));
  }

  /** Keeps up the leases that are longer than the server's time. */
  #keepUp(): void {
    for (const delivery of this.#workerOf.keys()) delivery.keepUp().catch(() => {});
    this.#keeper = this.connection.clock.after(this.ackWaitMs / 3, () => this.#keepUp());
  }
}
