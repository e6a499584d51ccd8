/**
 * The outbox: messages stored by the transaction that they belong to, until the relay has given them to the broker.
 *
 * Invariants
 * 1. A message is in the table exactly when its transaction committed and no broker has acknowledged it.
 * 2. Nothing remembers how far the relay came: rows are removed when they are published, so that transactions that commit out
 *    of the order of their positions are not skipped.
 */
import type { Channel, Message } from "@cantle/contract";
import { CantleError } from "@cantle/core";
import type { Execute, SqlFlavour } from "./execute.ts";

/** A message that waits for the broker. */
export interface Waiting {
  readonly position: number;
  readonly channel: Channel;
  readonly message: Message;
}

/** The tables of the outbox; each statement may run again. */
export function outboxTables(flavour: SqlFlavour): readonly string[] {
  const position =
    flavour === "sqlite"
      ? "position integer primary key autoincrement"
      : "position bigint generated always as identity primary key";
  return [
    `create table if not exists cantle_outbox (${position}, kind text not null, channel text not null, message text not null, stuck text)`,
    "create table if not exists cantle_relay (id integer primary key, holder text not null, until bigint not null)",
    "insert into cantle_relay (id, holder, until) values (1, '', 0) on conflict (id) do nothing",
  ];
}

/** Stores a message, in the transaction that `execute` runs in. */
export async function storeMessage(execute: Execute, channel: Channel, message: Message): Promise<void> {
  await execute("insert into cantle_outbox (kind, channel, message) values (?, ?, ?)", [
    channel.kind,
    channel.name,
    messageText(message),
  ]);
}

/** How much is read at once. */
export interface Portion {
  readonly countMax: number;
  /** Ends with the message that brings it here, in characters of its JSON. */
  readonly charsMax: number;
}

/** True when a message waits that can be published. */
export async function isAnyWaiting(execute: Execute): Promise<boolean> {
  return (await execute("select position from cantle_outbox where stuck is null limit 1", [])).length > 0;
}

/** The first messages that wait, in the order in which they were stored: a long absence of the broker is not read into memory whole. */
export async function waiting(execute: Execute, { countMax, charsMax }: Portion): Promise<readonly Waiting[]> {
  const rows = await execute(
    "select position, kind, channel, message from cantle_outbox where stuck is null and position <= " +
      "(select max(position) from (select position, sum(chars) over (order by position) - chars as ahead from " +
      "(select position, length(message) as chars from cantle_outbox where stuck is null order by position limit ?) as first) as sums " +
      "where ahead < ?) order by position",
    [countMax, charsMax],
  );
  return rows.map(({ position, kind, channel, message }) => ({
    position: Number(position),
    channel: { kind: kind as Channel["kind"], name: String(channel) },
    message: readMessage(String(message)),
  }));
}

/** Forgets messages that the broker has. */
export async function forget(execute: Execute, positions: readonly number[]): Promise<void> {
  const marks = positions.map(() => "?").join(", ");
  await execute(`delete from cantle_outbox where position in (${marks})`, positions);
}

/** Puts a message aside that no broker will ever take; it stays in the table, with why. */
export async function setAside(execute: Execute, position: number, why: string): Promise<void> {
  await execute("update cantle_outbox set stuck = ? where position = ?", [why, position]);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function messageText({ data, ...envelope }: Message): string {
  return JSON.stringify({ ...envelope, data: decoder.decode(data) });
}

function readMessage(text: string): Message {
  try {
    const { data, ...envelope } = JSON.parse(text) as Omit<Message, "data"> & { data: string };
    return { ...envelope, data: encoder.encode(data) };
  } catch (cause) {
    throw new CantleError("DATA_DAMAGED", "a row of cantle_outbox is not a message", { cause });
  }
}
