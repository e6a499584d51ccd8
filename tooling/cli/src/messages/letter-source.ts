/**
 * Who gave messages up, in one word: `notices.notice` is that queue, `articles.published@feeds` the topic as the group `feeds`
 * sees it.
 */
import { CantleError } from "@cantle/core";
import type { Broker, DeadLetterSource } from "@cantle/messaging";
import { meantOf } from "../meant.ts";

/** Reads it. Throws `USAGE`. */
export function readSource(text: string): DeadLetterSource {
  const [name = "", group, ...more] = text.split("@");
  if (name === "" || group === "" || more.length > 0)
    throw new CantleError("USAGE", `'${text}' is nobody who gives messages up`, {
      help: "write a queue, notices.notice, or a topic and its group, articles.published@feeds",
    });
  return group === undefined ? { kind: "queue", name } : { kind: "topic", name, group };
}

/** Writes it. */
export function sourceText({ kind, name, group }: DeadLetterSource): string {
  return kind === "queue" ? name : `${name}@${group ?? ""}`;
}

/** Throws `CHANNEL_UNKNOWN` for a source that the broker has never seen; one without dead letters is known all the same. */
export async function checkSource({ log, queue, deadLetters }: Broker, source: DeadLetterSource): Promise<void> {
  const text = sourceText(source);
  const [sources, topics, queues] = await Promise.all([deadLetters.sources(), log.topics(), queue?.queues() ?? []]);
  const groups = topics.flatMap(({ topic, groups }) => groups.map(({ group }) => `${topic}@${group}`));
  const known = [...sources.map((each) => sourceText(each.source)), ...queues.map((each) => each.queue), ...groups];
  if (known.includes(text)) return;
  const completed = known.find((each) => each.startsWith(`${text}@`));
  throw new CantleError("CHANNEL_UNKNOWN", `there is no queue and no group '${text}'`, {
    help:
      (completed === undefined ? meantOf(text, known) : `did you mean '${completed}'?`) ??
      "`cantle dead-letters` lists who gave up messages",
  });
}
