/** What topics keep: for so long, and so much. The oldest go first, whoever has not read them; queues keep everything. */
import type { Books } from "./books/books.ts";
import type { Topic } from "./books/topic.ts";

/** Messages that were stored this close together go together. */
const graceMs = 1_000;

/** Drops what is past retention. */
export function retain(books: Books): void {
  const { clock, limits } = books.ground;
  const oldestMs = clock.wallMs() - limits.retentionMs;
  const topics = [...books.topics.values()];
  for (const topic of topics) topic.trim(({ timeMs }) => timeMs < oldestMs);
  let overBytes = topics.reduce((sum, { bytes }) => sum + bytes, 0) - limits.retentionBytes;
  while (overBytes > 0) {
    const [oldest, next] = twoOldest(topics);
    if (oldest === undefined) return;
    const untilMs = (next?.oldestMs ?? Number.POSITIVE_INFINITY) + graceMs;
    oldest.trim(({ timeMs, size }) => {
      if (overBytes <= 0 || timeMs > untilMs) return false;
      overBytes -= size;
      return true;
    });
  }
}

/** The topic with the oldest message, and the one with the next oldest. */
function twoOldest(topics: readonly Topic[]): readonly [Topic | undefined, Topic | undefined] {
  let oldest: Topic | undefined;
  let next: Topic | undefined;
  for (const topic of topics) {
    const { oldestMs } = topic;
    if (oldestMs === undefined) continue;
    if (oldest === undefined || oldestMs < (oldest.oldestMs as number)) [oldest, next] = [topic, oldest];
    else if (next === undefined || oldestMs < (next.oldestMs as number)) next = topic;
  }
  return [oldest, next];
}
