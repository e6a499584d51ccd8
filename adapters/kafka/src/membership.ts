/**
 * One client's place in a consumer group: it joins, keeps its place by heartbeats, learns which partitions it has, and writes down
 * how far it is in them. Fetching goes over another client, because a broker answers the requests of one connection one by one, and
 * a fetch may wait.
 */
import { delay } from "@cantle/core";
import { Consumer, type GroupAssignment } from "@platformatic/kafka";
import type { Connection } from "./connection.ts";
import { isRefused } from "./errors.ts";

const sessionMs = 10_000;
const heartbeatMs = 2_000;
const rebalanceMs = 30_000;
/** For how long joining is tried, ms: a group that changes just then sends newcomers away. */
const joinMs = 20_000;
const pauseMs = 250;

/** A partition of a topic. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** How far the group is in a partition. */
export interface Commit extends Place {
  readonly offset: bigint;
  readonly leaderEpoch: number;
}

/** What a membership is told. */
export interface MembershipOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** It has these partitions now, and no others. */
  readonly onAssigned: (places: readonly Place[]) => void;
}

/** A member. */
export class Membership {
  readonly #connection: Connection;
  readonly #client: Consumer;
  #isLeft = false;

  private constructor(connection: Connection, { groupId, topics, onAssigned }: MembershipOptions) {
    this.#connection = connection;
    this.#client = new Consumer({
      ...connection.clientOptions,
      groupId,
      autocommit: false,
      sessionTimeout: sessionMs,
      heartbeatInterval: heartbeatMs,
      rebalanceTimeout: rebalanceMs,
      // The client would send a refused commit again after it joined anew, when the partition may be somebody else's.
      retries: 0,
    });
    this.#client.topics.trackAll(...topics);
    this.#client.on("consumer:group:join", () => onAssigned(placesOf(this.#client.assignments ?? [])));
    // So it says that it could not join anew after a change of the group; it does not try again by itself.
    this.#client.on("error", () => void this.#joinAgain());
  }

  /** Joins; resolves when the group has answered with what this member has, which `onAssigned` is told too. */
  static async join(connection: Connection, options: MembershipOptions): Promise<Membership> {
    const membership = new Membership(connection, options);
    const endMs = connection.clock.nowMs() + joinMs;
    for (;;) {
      try {
        await membership.#client.joinGroup({});
        return membership;
      } catch (error) {
        if (connection.clock.nowMs() > endMs || isRefused(error)) {
          await membership.leave().catch(() => {});
          throw error;
        }
      }
      await delay(connection.clock, pauseMs);
    }
  }

  /** What the group has written down for these partitions; undefined for nothing. */
  async committed(places: readonly Place[]): Promise<readonly (bigint | undefined)[]> {
    const topics = [...new Set(places.map(({ topic }) => topic))].map((topic) => ({
      topic,
      partitions: places.filter((place) => place.topic === topic).map(({ partition }) => partition),
    }));
    const found = await this.#client.listCommittedOffsets({ topics });
    return places.map(({ topic, partition }) => {
      const offset = found.get(topic)?.[partition] ?? -1n;
      return offset < 0n ? undefined : offset;
    });
  }

  async commit(offsets: readonly Commit[]): Promise<void> {
    await this.#client.commit({ offsets: [...offsets] });
  }

  /** Leaves the group. */
  async leave(): Promise<void> {
    this.#isLeft = true;
    await this.#client.close(true);
  }

  async #joinAgain(): Promise<void> {
    await delay(this.#connection.clock, pauseMs);
    if (this.#isLeft || this.#client.isActive()) return;
    await this.#client.joinGroup({}).catch(() => this.#joinAgain());
  }
}

function placesOf(assignments: readonly GroupAssignment[]): Place[] {
  return assignments.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}
