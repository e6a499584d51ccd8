/**
 * A message of a queue in a worker's hands.
 *
 * JetStream takes the answer of a worker whose time is over as if it were the holder's, so the worker's side must not give it:
 * a delivery can be ended only until `#endMs`, which is before the server's own time is over, whatever this process slept
 * through (`awake.ts`). A lease that is longer than the server's time is kept up by telling the server from time to time.
 */
import { Deadline } from "@cantle/core";
import {
  type AttemptFailure,
  type DeadLetterSource,
  type Delivery,
  deliveryLost,
  keptFailure,
  type StoredMessage,
  type Tried,
} from "@cantle/messaging";
import { type Attempts, triedOnceMore } from "./attempts.ts";
import { messageOf } from "./cloud-event.ts";
import type { Connection } from "./connection.ts";
import { bury } from "./dead-letters.ts";
import { translated } from "./errors.ts";
import type { Pulled } from "./pull.ts";

/** Who gave it. */
export interface Giver {
  readonly connection: Connection;
  readonly source: DeadLetterSource;
  readonly attempts: Attempts;
  /** How long the server leaves a message alone, ms. */
  readonly ackWaitMs: number;
  /** It is in nobody's hands any more. */
  ended(delivery: QueueDelivery): void;
  /** Its deadline has moved. */
  moved(delivery: QueueDelivery): void;
}

/** What a delivery begins with. */
export interface DeliveryStart {
  readonly pulled: Pulled;
  readonly tried: Tried;
  /** True when there is a record of its attempts. */
  readonly hasRecord: boolean;
  readonly leaseMs: number;
  /** It was sent then or later. */
  readonly sinceMs: number;
}

/** One delivery; its own deadline. */
export class QueueDelivery extends Deadline implements Delivery {
  readonly message: StoredMessage;
  readonly #giver: Giver;
  readonly #start: DeliveryStart;
  #leaseEndMs: number;
  /** Until when the server leaves it alone. */
  #keptUntilMs: number;
  #isEnded = false;

  constructor(giver: Giver, start: DeliveryStart) {
    super();
    const { message, sequence } = start.pulled;
    const position = String(sequence);
    this.message = { ...messageOf(message.headers, message.data, position), position };
    this.#giver = giver;
    this.#start = start;
    this.#leaseEndMs = giver.connection.clock.nowMs() + start.leaseMs;
    this.#keptUntilMs = start.sinceMs + giver.ackWaitMs;
  }

  get attempt(): number {
    return this.#start.tried.attempts + 1;
  }

  get failures(): readonly AttemptFailure[] {
    return this.#start.tried.failures;
  }

  /** Until when it can be ended; monotonic. */
  get endMs(): number {
    return Math.min(this.#leaseEndMs, this.#keptUntilMs);
  }

  ack(): Promise<void> {
    return this.#end(async () => {
      await this.#tell("+ACK");
      this.#forget();
    });
  }

  nack(delayMs: number, failure: AttemptFailure): Promise<void> {
    return this.#end(() => this.#fail(keptFailure(failure), Math.max(0, delayMs)));
  }

  bury(failure: AttemptFailure): Promise<void> {
    return this.#end(async () => {
      const { connection, source } = this.#giver;
      const tried = triedOnceMore(this.#start.tried, keptFailure(failure));
      await bury(connection, source, { message: this.message, tried });
      await this.#tell("+TERM");
      this.#forget();
    });
  }

  release(): Promise<void> {
    return this.#end(async () => {
      await this.#write(this.#start.tried, 0);
      await this.#tell("-NAK");
    });
  }

  async extend(): Promise<void> {
    this.#assertOurs();
    await this.#keep();
    this.#leaseEndMs = this.#giver.connection.clock.nowMs() + this.#start.leaseMs;
    this.#giver.moved(this);
  }

  /** Tells the server to leave it alone longer, if its lease asks for that. */
  async keepUp(): Promise<void> {
    if (this.#isEnded || this.#keptUntilMs >= this.#leaseEndMs) return;
    await this.#keep();
    this.#giver.moved(this);
  }

  /** It cannot be ended any more, and nobody is told. */
  drop(): void {
    this.#isEnded = true;
    this.#giver.ended(this);
  }

  /** Its time is over. */
  expire(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#giver.ended(this);
    // When it is the server's time that is over, the server gives it to somebody else by itself.
    if (this.#keptUntilMs < this.#leaseEndMs) return;
    const at = new Date(this.#giver.connection.clock.wallMs()).toISOString();
    this.#fail({ ...goneFailure, at }, 0).catch(() => {});
  }

  async #end(how: () => Promise<void>): Promise<void> {
    this.#assertOurs();
    this.#isEnded = true;
    this.#giver.ended(this);
    await translated(how);
  }

  #assertOurs(): void {
    const { connection } = this.#giver;
    connection.assertOpen();
    if (this.#isEnded || connection.clock.nowMs() >= this.endMs) throw deliveryLost();
  }

  async #fail(failure: AttemptFailure, delayMs: number): Promise<void> {
    const { clock } = this.#giver.connection;
    await this.#write(triedOnceMore(this.#start.tried, failure), clock.wallMs() + delayMs);
    await this.#tell(delayMs === 0 ? "-NAK" : `-NAK {"delay": ${Math.ceil(delayMs * 1_000_000)}}`);
  }

  async #keep(): Promise<void> {
    const { connection, ackWaitMs } = this.#giver;
    const toldMs = connection.clock.nowMs();
    await translated(() => this.#tell("+WPI"));
    if (this.#isEnded) throw deliveryLost();
    this.#keptUntilMs = toldMs + ackWaitMs;
  }

  async #tell(what: string): Promise<void> {
    await this.#giver.connection.asker.ask(this.#start.pulled.reply, what);
  }

  #write(tried: Tried, untilMs: number): Promise<void> {
    const { sequence, deliveries } = this.#start.pulled;
    return this.#giver.attempts.write(this.#giver.source, sequence, { ...tried, deliveries, untilMs });
  }

  #forget(): void {
    if (!this.#start.hasRecord) return;
    this.#giver.attempts.remove(this.#giver.source, this.#start.pulled.sequence).catch(() => {});
  }
}

/** The failure of an attempt whose worker ended without a word; `at` is when that was noticed. */
export const goneFailure = { code: "CONSUMER_GONE", message: "whoever had the message let its lease run out" } as const;
