/**
 * Dead letters: a stream with a copy of each message that was given up, by source; the headers say how often it was tried and
 * why it failed. A message gets here before it leaves its queue or group, so a crash in between leaves both; the server stores
 * only one copy for one giving up.
 */
import {
  type AttemptFailure,
  checkChannelName,
  checkGroupName,
  type DeadLetter,
  type DeadLetterFacts,
  type DeadLetterPage,
  type DeadLetterSource,
  type DeadLetters,
  type StoredMessage,
  type Tried,
} from "@cantle/messaging";
import type { StoredMsg } from "@nats-io/jetstream";
import { decoded, encoded, headersOf, messageOf } from "./cloud-event.ts";
import type { Connection } from "./connection.ts";
import { translated } from "./errors.ts";
import { messageAt, messagesAfter, nextMessage } from "./stored.ts";

const failureBytesMax = 32 * 1024;

/** Keeps a message that was given up. */
export async function bury(
  { asker, names, clock }: Connection,
  source: DeadLetterSource,
  { message, tried }: { readonly message: StoredMessage; readonly tried: Tried },
): Promise<void> {
  const name = source.kind === "queue" ? source.name : `${source.name}.${source.group}`;
  const once = `${source.kind}.${name}:${message.position}:${tried.attempts}`;
  const headers = headersOf(message, source.name, once);
  headers.append("cantle-position", message.position);
  headers.append("cantle-attempts", String(tried.attempts));
  headers.append("cantle-at", new Date(clock.wallMs()).toISOString());
  headers.append("cantle-failures", failuresText(tried.failures));
  await asker.store(names.deadLetterSubject(source), { data: message.data, headers });
}

/** The port. */
export function deadLettersOf(connection: Connection, redrive: Redrive): DeadLetters {
  const { jsm, names, clock } = connection;
  const stream = names.deadLetters;
  const facts = async (subject: string, count: number): Promise<DeadLetterFacts[]> => {
    const source = names.sourceOf(subject);
    const oldest = await nextMessage(connection, stream, { sequence: 0, subject });
    if (source === undefined || oldest === undefined) return [];
    return [{ source, count, oldestMs: Math.max(0, clock.wallMs() - oldest.time.getTime()) }];
  };
  const find = async (source: DeadLetterSource, id: string) => {
    connection.assertOpen();
    checkSource(source);
    if (!/^\d{1,15}$/.test(id)) return undefined;
    const found = await messageAt(connection, stream, Number(id));
    return found?.subject === names.deadLetterSubject(source) ? found : undefined;
  };
  return {
    sources: () =>
      translated(async () => {
        connection.assertOpen();
        const { state } = await jsm.streams.info(stream, { subjects_filter: `${names.prefix}.dead.>` });
        const all = await Promise.all(Object.entries(state.subjects ?? {}).map(([name, count]) => facts(name, count)));
        return all.flat();
      }),
    read: (source, { max, after = "0" }: DeadLetterPage) =>
      translated(async () => {
        connection.assertOpen();
        checkSource(source);
        const from = { sequence: Number(after) || 0, subject: names.deadLetterSubject(source), max };
        return (await messagesAfter(connection, stream, from)).map(letterOf);
      }),
    redrive: (source, id) =>
      translated(async () => {
        const found = await find(source, id);
        if (found === undefined) return false;
        await redrive(source, letterOf(found));
        await jsm.streams.deleteMessage(stream, found.seq, false);
        return true;
      }),
    remove: (source, id) =>
      translated(async () => {
        const found = await find(source, id);
        return found !== undefined && jsm.streams.deleteMessage(stream, found.seq, false);
      }),
  };
}

/** Gives a dead letter to its source again; the same one twice stores it once. */
export type Redrive = (source: DeadLetterSource, letter: DeadLetter) => Promise<void>;

/** How dead letters go back: to the lane of their queue, or to a subject that only their group listens to. */
export function redriveBy(connection: Connection, ensureTopic: (topic: string) => Promise<void>): Redrive {
  const { names } = connection;
  return async (source, { id, message }) => {
    if (source.kind === "topic") await ensureTopic(source.name);
    const subject =
      source.kind === "queue"
        ? names.queueSubject(source.name, message.priority ?? "normal")
        : names.redriveSubject(source.name, source.group as string);
    const headers = headersOf(message, source.name, `redriven:${names.deadLetterSubject(source)}:${id}`);
    await connection.publisher.publish(1, () => ({ subject, headers, data: message.data }));
  };
}

/** Throws `CHANNEL_UNKNOWN` unless all names in it are names. */
export function checkSource({ kind, name, group }: DeadLetterSource): void {
  checkChannelName(name);
  if (kind === "topic") checkGroupName(group ?? "");
}

function letterOf({ header, data, seq }: StoredMsg): DeadLetter {
  const position = header.get("cantle-position");
  return {
    id: String(seq),
    message: { ...messageOf(header, data, position), position },
    attempts: Number(header.get("cantle-attempts")),
    failures: JSON.parse(decoded(header.get("cantle-failures"))) as AttemptFailure[],
    at: header.get("cantle-at"),
  };
}

/** The failures as a header; the oldest go first when they are too much for one. */
function failuresText(failures: readonly AttemptFailure[]): string {
  let text = encoded(JSON.stringify(failures));
  for (let from = 1; text.length > failureBytesMax; from++) text = encoded(JSON.stringify(failures.slice(from)));
  return text;
}
