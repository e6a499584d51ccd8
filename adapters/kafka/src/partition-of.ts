/**
 * Which partition a message goes to. One key always goes to the same, the one that Java's clients choose (murmur2), so that services
 * in other languages keep the same order. Messages without a key stay in one partition for a while and then go on to the next:
 * that fills requests better than taking turns.
 */
import type { Message } from "@cantle/contract";
import type { Random } from "@cantle/core";
import { murmur2 } from "@platformatic/kafka";

/** A number for a message that goes to a topic; its rest by the number of partitions is the partition. */
export type PartitionOf = (message: Message, topic: string) => number;

const stayMax = 1_000;
const numberMax = 2 ** 30;

/** As the head of this file says. */
export function partitionByKey(random: Random): PartitionOf {
  const stays = new Map<string, { partition: number; left: number }>();
  return ({ key }, topic) => {
    if (key !== undefined) return murmur2(Buffer.from(key)) & 0x7fffffff;
    let stay = stays.get(topic);
    if (stay === undefined || stay.left === 0) {
      const partition = stay === undefined ? Math.floor(random.next() * numberMax) : stay.partition + 1;
      stay = { partition, left: stayMax };
      stays.set(topic, stay);
    }
    stay.left -= 1;
    return stay.partition;
  };
}
