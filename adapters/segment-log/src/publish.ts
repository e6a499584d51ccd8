/** Publishing: what is checked, what is known already, and what becomes of the rest. */
import type { Message } from "@cantle/contract";
import { CantleError } from "@cantle/core";
import { checkMessages } from "@cantle/messaging";
import type { ChannelBooks } from "./books/channel.ts";
import type { Ground } from "./books/ground.ts";
import { checkTexts, type PlacedMessage } from "./books/message-record.ts";
import type { Append } from "./commits.ts";
import type { Batch } from "./journal/batch.ts";
import type { RecentIds } from "./recent-ids.ts";

/** What a message weighs beside its data, roughly. */
const overheadBytes = 256;

/** What publishing needs. */
export interface PublishGround {
  readonly ground: Ground;
  readonly ids: RecentIds;
  readonly messageBytesMax: number;
}

/** Stores messages in the channel that `channelOf` answers with; those whose id is known are stored already. */
export async function publish(
  { ground, ids, messageBytesMax }: PublishGround,
  messages: readonly Message[],
  channelOf: () => ChannelBooks,
): Promise<void> {
  checkMessages(messages, messageBytesMax);
  for (const message of messages) checkTexts(message);
  if (messages.length === 0) return;
  const channel = channelOf();
  checkRoom(ground, messages.length);
  const nowMs = ground.clock.nowMs();
  const fresh = messages.filter(({ id }) => ids.add(channel.number, id, nowMs));
  const appended = fresh.length === 0 ? undefined : ground.commits.append(appending(channel, fresh, ids));
  // The first of two with one id may still be on its way.
  if (fresh.length < messages.length) await Promise.all([appended, ground.commits.appended()]);
  else await appended;
}

function appending(channel: ChannelBooks, messages: readonly Message[], ids: RecentIds): Append {
  let placed: PlacedMessage[] = [];
  let first = 0;
  return {
    bytes: messages.reduce((sum, { data }) => sum + data.byteLength + overheadBytes, 0),
    encode(batch: Batch) {
      first = channel.next;
      placed = [];
      for (const message of messages) placed.push(channel.writeMessage(batch, message));
    },
    committed({ timeMs }: Batch) {
      for (const [index, each] of placed.entries()) channel.admit(first + index, each, timeMs);
    },
    refused() {
      channel.takeBack(placed.length);
      for (const { id } of messages) ids.remove(channel.number, id);
    },
  };
}

function checkRoom({ tally, limits }: Ground, count: number): void {
  if (tally.messages + count <= limits.messagesMax) return;
  throw new CantleError("BROKER_FULL", "the broker keeps as many messages as it may", {
    help: "let the consumers catch up, or use an engine for larger backlogs",
    notes: `messagesMax = ${limits.messagesMax}`,
  });
}
