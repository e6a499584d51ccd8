/**
 * One client's place in a consumer group: it joins, keeps its place by heartbeats, learns which partitions it has, and writes down
 * how far it is in them. Fetching goes over another client, because a broker answers the requests of one connection one by one, and
 * a fetch may wait.
 */
import { Consumer, type GroupAssignment } from "@platformatic/kafka";
import type { Connection } from "./connection.ts";

const sessionMs = 10_000;
const heartbeatMs = 2_000;
const rebalanceMs = 30_000;

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
  readonly #client: Consumer;

  private constructor(client: Consumer) {
    this.#client = client;
  }

  /** Joins; resolves when the group has answered with what this member has, which `onAssigned` is told too. */
  static async join(connection: Connection, { groupId, topics, onAssigned }: MembershipOptions): Promise<Membership> {
    const client = new Consumer({
      ...connection.clientOptions,
      groupId,
      autocommit: false,
      sessionTimeout: sessionMs,
      heartbeatInterval: heartbeatMs,
      rebalanceTimeout: rebalanceMs,
      // Sent again after it joined anew, a commit would be one for partitions that may be somebody else's by now.
      retries: 0,
    });
    client.on("error", () => {});
    client.on("consumer:heartbeat:error", ({ error }) => connection.log.debug("a heartbeat failed", { groupId, error }));
    client.on("consumer:group:join", () => onAssigned(placesOf(client.assignments ?? [])));
    client.topics.trackAll(...topics);
    try {
      await client.joinGroup({});
      return new Membership(client);
    } catch (error) {
      await client.close(true).catch(() => {});
      throw error;
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
    await this.#client.close(true);
  }
}

function placesOf(assignments: readonly GroupAssignment[]): Place[] {
  return assignments.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}
