/**
 * A group of a topic in this broker: its consumers, and the question who owns the group. One broker owns it at a time and handles
 * its messages, which is what keeps messages with one key in order; the others stand by. They take over when the owner gives the
 * group up, when it is gone from the server (its connection ended), or when it does not answer for some seconds.
 *
 *     standing by ── the record names nobody, or somebody who is gone ──▶ owning
 *          ▲                                                                │
 *          └────────── a write was refused, or the last consumer left ◀─────┘
 */
import type { Timer } from "@cantle/core";
import type { ConsumeOptions, Consumption, Delivery, StartAt } from "@cantle/messaging";
import type { Subscription } from "@nats-io/transport-node";
import type { Attempts } from "./attempts.ts";
import type { Connection } from "./connection.ts";
import { isNobodyThere } from "./errors.ts";
import type { GroupRecord, GroupRecords, StoredRecord } from "./group-record.ts";
import { OwnedDelivery } from "./owned-delivery.ts";
import { Ownership } from "./ownership.ts";
import { highOf } from "./topic-reader.ts";

const lookMs = 1_000;
const aliveMs = 1_000;
const silencesMax = 3;

/** One consumer of this broker. */
interface Member {
  readonly options: ConsumeOptions;
  takes: boolean;
  /** Its place in the ownership there is. */
  consumption: Consumption | undefined;
  /** Deliveries that are about to be given. */
  readonly beginning: Set<Promise<void>>;
}

/** What a group is told. */
export interface GroupOptions {
  readonly topic: string;
  readonly name: string;
  readonly from: StartAt;
  readonly records: GroupRecords;
  readonly attempts: Attempts;
}

/** A group with at least one consumer here, until it is closed. */
export class Group {
  readonly #connection: Connection;
  readonly #options: GroupOptions;
  readonly #members = new Set<Member>();
  readonly #notices: Subscription;
  #ownership: Ownership | undefined;
  /** True from before the record names us until it does so no more. */
  #isOurs = false;
  /** What the record says when it is ours; another name each time. */
  #ownerId = "";
  #silences = 0;
  #turn: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(connection: Connection, options: GroupOptions) {
    this.#connection = connection;
    this.#options = options;
    const subject = connection.names.noticeSubject(options.topic, options.name);
    this.#notices = connection.nc.subscribe(subject, { callback: () => void this.settle().catch(() => {}) });
  }

  /** What others are told who ask whether the owner lives. */
  get isOurs(): boolean {
    return this.#isOurs;
  }

  get memberCount(): number {
    return this.#members.size;
  }

  /** Adds a consumer; resolves when the group is owned, by this broker or another. */
  async join(options: ConsumeOptions): Promise<Consumption> {
    const member: Member = { options, takes: true, consumption: undefined, beginning: new Set() };
    this.#members.add(member);
    try {
      await this.settle();
    } catch (error) {
      this.#members.delete(member);
      throw error;
    }
    return {
      pause: async () => {
        member.takes = false;
        await member.consumption?.pause();
        await Promise.all(member.beginning);
      },
      stop: async () => {
        member.takes = false;
        if (!this.#members.delete(member)) return;
        await member.consumption?.stop();
        if (this.#members.size === 0) await this.settle();
        else await this.#ownership?.commit().catch(() => {});
      },
    };
  }

  /** Brings about what should be: looks at the record and takes the group, gives it up, or waits. One look at a time. */
  settle(): Promise<void> {
    const next = this.#turn.then(() => this.#settle());
    this.#turn = next.catch(() => {});
    return next;
  }

  /** Tells all brokers that the group changed. */
  announce(): void {
    const { nc, names } = this.#connection;
    if (!nc.isClosed()) nc.publish(names.noticeSubject(this.#options.topic, this.#options.name));
  }

  /** Gives everything back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#members.clear();
    this.#timer?.cancel();
    this.#notices.unsubscribe();
    await this.settle();
  }

  async #settle(): Promise<void> {
    if (this.#members.size === 0) return this.#giveUp();
    if (this.#ownership !== undefined) {
      const stored = await this.#options.records.read(this.#options.topic, this.#options.name);
      if (stored?.record.owner === this.#ownerId) return this.#admitAll();
      this.#ownership.lose();
    }
    try {
      while (!(await this.#tryOnce()));
    } finally {
      this.#lookAgain();
    }
  }

  /** False when somebody changed the record in the middle. */
  async #tryOnce(): Promise<boolean> {
    const { topic, name, records } = this.#options;
    const stored = await records.read(topic, name);
    if (stored !== undefined && (await this.#isAlive(stored.record.owner))) return true;
    this.#ownerId = `${this.#connection.id}/${this.#connection.random.hex(4)}`;
    this.#isOurs = true;
    const record: GroupRecord = { ...(stored?.record ?? (await this.#newRecord())), owner: this.#ownerId };
    const revision = await records.write(topic, name, { record, revision: stored?.revision ?? 0 });
    if (revision === undefined) {
      this.#isOurs = false;
      return false;
    }
    await this.#own({ record, revision });
    return true;
  }

  async #own(stored: StoredRecord): Promise<void> {
    const { topic, name: group, records, attempts } = this.#options;
    const onLost = () => this.#lost(ownership);
    const ownership = new Ownership(this.#connection, { topic, group, stored, records, attempts, onLost });
    this.#ownership = ownership;
    try {
      await ownership.begin(stored.record.open);
    } catch (error) {
      await ownership.release();
      this.#lost(ownership);
      throw error;
    }
    this.#admitAll();
  }

  /** Gives every consumer its place in the ownership there is. */
  #admitAll(): void {
    for (const member of this.#members) this.#admit(member);
  }

  #admit(member: Member): void {
    const ownership = this.#ownership;
    if (ownership === undefined || member.consumption !== undefined) return;
    member.consumption = ownership.consume({
      ...member.options,
      onDelivery: (delivery) => {
        const beginning = begin(ownership, member, delivery).finally(() => member.beginning.delete(beginning));
        member.beginning.add(beginning);
      },
    });
    if (!member.takes) void member.consumption.pause();
  }

  #lost(ownership: Ownership): void {
    if (this.#ownership !== ownership) return;
    this.#ownership = undefined;
    this.#isOurs = false;
    for (const member of this.#members) member.consumption = undefined;
    this.settle().catch(() => {});
  }

  async #giveUp(): Promise<void> {
    this.#timer?.cancel();
    const ownership = this.#ownership;
    this.#ownership = undefined;
    await ownership?.release();
    this.#isOurs = false;
    if (ownership !== undefined) this.announce();
  }

  /** Whoever stands by, or could not look, looks again. */
  #lookAgain(): void {
    this.#timer?.cancel();
    if (this.#isClosed || this.#ownership !== undefined) return;
    this.#timer = this.#connection.clock.after(lookMs, () => void this.settle().catch(() => {}));
  }

  /** True when the broker of this ownership answers that it has it; also for some time after it stops to answer. */
  async #isAlive(owner: string): Promise<boolean> {
    const { nc, names, id } = this.#connection;
    const broker = owner.split("/")[0] as string;
    if (broker === "" || broker === id) return false;
    try {
      const question = `${this.#options.topic} ${this.#options.name}`;
      const answer = await nc.request(names.aliveSubject(broker), question, { timeout: aliveMs });
      this.#silences = 0;
      return answer.string() === "yes";
    } catch (error) {
      if (isNobodyThere(error)) return false;
      this.#silences += 1;
      return this.#silences < silencesMax;
    }
  }

  async #newRecord(): Promise<GroupRecord> {
    const high = await highOf(this.#connection, this.#options.topic, this.#options.from);
    return { owner: "", leaseMs: 0, high, open: [] };
  }
}

/** Gives a delivery once it is written down that it begins. */
async function begin(ownership: Ownership, member: Member, delivery: Delivery): Promise<void> {
  try {
    await ownership.commit();
    // The lease is counted from here; and this one may be lost by now.
    await delivery.extend();
  } catch {
    await delivery.release().catch(() => {});
    return;
  }
  member.options.onDelivery(new OwnedDelivery(delivery, ownership));
}

/** For every broker: answers those who ask whether it owns a group. */
export function answerAlive({ nc, names, id }: Connection, isOurs: (topic: string, group: string) => boolean): void {
  nc.subscribe(names.aliveSubject(id), {
    callback: (_error, message) => {
      const [topic = "", group = ""] = message.string().split(" ");
      message.respond(isOurs(topic, group) ? "yes" : "no");
    },
  });
}
