/**
 * How topics and their groups stand. Of a group that has consumers here, this broker knows it to the message; of others the cluster
 * says how far they have written down to be, which may be a little less than they are.
 */
import type { GroupFacts, TopicFacts } from "@cantle/messaging";
import { type Connection, describeTopic } from "./connection.ts";
import { isUnsupported } from "./errors.ts";
import type { Group } from "./group.ts";
import type { Reader } from "./reader.ts";

const sampleMax = 20;
/** What a record weighs beside its value, roughly. */
const recordBytes = 70;

/** How every topic of ours stands; `groups` are those that have consumers here. */
export async function topicFacts(
  connection: Connection,
  reader: Reader,
  groups: readonly Group[],
): Promise<readonly TopicFacts[]> {
  const { admin, names } = connection;
  const [all, known] = await Promise.all([admin.listTopics(), knownGroups(connection)]);
  const topics = all.flatMap((name) => names.topicOf(name) ?? []);
  return Promise.all(
    topics.map(async (topic) => {
      const here = groups.filter((group) => group.topic === topic);
      const elsewhere = known.flatMap((name) => names.groupOf(name, topic) ?? []);
      const some = new Set([...here.map(({ name }) => name), ...elsewhere]);
      const name = names.topic(topic);
      const [first, end] = await Promise.all([reader.first(name), reader.end(name)]);
      const messages = end.reduce((sum, each, partition) => sum + Number(each - (first[partition] ?? 0n)), 0);
      return {
        topic,
        messages,
        bytes: messages === 0 ? 0 : messages * (await bytesEach(reader, name)),
        groups: await Promise.all(
          [...some].map((group) =>
            factsOf(
              { connection, reader },
              { topic, group, end },
              here.find((each) => each.name === group),
            ),
          ),
        ),
      };
    }),
  );
}

/** What a message weighs, from some of them: brokers tell the size of a disk, not of a topic. */
async function bytesEach(reader: Reader, name: string): Promise<number> {
  const sample = await reader.read(name, { kind: "first" }, sampleMax);
  const bytes = sample.reduce((sum, { value }) => sum + recordBytes + (value?.byteLength ?? 0), 0);
  return sample.length === 0 ? recordBytes : Math.ceil(bytes / sample.length);
}

async function factsOf(
  { connection, reader }: { readonly connection: Connection; readonly reader: Reader },
  { topic, group, end }: { readonly topic: string; readonly group: string; readonly end: readonly bigint[] },
  here: Group | undefined,
): Promise<GroupFacts> {
  const { names, clock, admin } = connection;
  const again = names.again(topic, group);
  const hasAgain = (await describeTopic(admin, again)) !== undefined;
  const ends = new Map([
    [names.topic(topic), end],
    [again, hasAgain ? await reader.end(again) : []],
  ]);
  const committed = await committedBy(connection, names.group(topic, group));
  let lag = 0;
  for (const [of, partitions] of ends)
    for (const [partition, last] of partitions.entries()) {
      const standing = here?.standingIn({ topic: of, partition });
      const from = standing?.next ?? committed.get(`${of}:${partition}`) ?? 0n;
      lag += (standing?.openCount ?? 0) + Math.max(0, Number(last - from));
    }
  const oldestAtMs = here?.oldestAtMs;
  return {
    group,
    lag,
    inFlight: here?.inFlightCount ?? 0,
    oldestMs: oldestAtMs === undefined ? 0 : Math.max(0, clock.wallMs() - oldestAtMs),
  };
}

/** The names of all groups of the cluster; none where the broker does not tell. */
async function knownGroups({ admin }: Connection): Promise<readonly string[]> {
  try {
    return [...(await admin.listGroups()).keys()];
  } catch (error) {
    if (isUnsupported(error)) return [];
    throw error;
  }
}

/** What a group has written down, by `topic:partition`. */
async function committedBy({ admin }: Connection, groupId: string): Promise<ReadonlyMap<string, bigint>> {
  const found = new Map<string, bigint>();
  for (const { topics } of await admin.listConsumerGroupOffsets({ groups: [groupId] }))
    for (const { name, partitions } of topics)
      for (const { partitionIndex, committedOffset } of partitions)
        if (committedOffset >= 0n) found.set(`${name}:${partitionIndex}`, committedOffset);
  return found;
}
