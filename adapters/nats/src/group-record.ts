/**
 * How a group of a topic stands, as it is stored: one small JSON value for each group, replaced as a whole and only by whoever
 * knows its last revision. So it is the books of the group and the lock on it in one: whoever wrote last owns the group, and the
 * writes of an owner who was away too long are refused by the server.
 *
 * Everything up to `high` is done, except what `open` names; nothing after `high` was begun.
 */
import { CantleError } from "@cantle/core";
import { headers } from "@nats-io/transport-node";
import type { Connection } from "./connection.ts";
import { isApiError } from "./errors.ts";

/** A message that is not done. */
export interface OpenMessage {
  readonly sequence: number;
  /** Attempts that are over and count. */
  readonly attempts: number;
  readonly state:
    | { readonly kind: "waiting" }
    /** In somebody's hands. */
    | { readonly kind: "held" }
    /** Backing off until this wall time, ms. */
    | { readonly kind: "delayed"; readonly untilMs: number };
}

/** The value. */
export interface GroupRecord {
  /** The ownership it belongs to, `broker/name`; empty when nobody owns the group. */
  readonly owner: string;
  /** For how long what is held must be left alone after its owner is gone. */
  readonly leaseMs: number;
  readonly high: number;
  /** Ascending. */
  readonly open: readonly OpenMessage[];
}

/** A record, and what must be known to replace it. */
export interface StoredRecord {
  readonly record: GroupRecord;
  readonly revision: number;
}

const version = 1;

/** The stored form: an open message is `[sequence, attempts]`, `[…, 0]` when held, `[…, untilMs]` when delayed. */
export function encodeRecord({ owner, leaseMs, high, open }: GroupRecord): string {
  const entries = open.map(({ sequence, attempts, state }) => {
    if (state.kind === "waiting") return [sequence, attempts];
    return [sequence, attempts, state.kind === "held" ? 0 : state.untilMs];
  });
  return JSON.stringify({ version, owner, leaseMs, high, open: entries });
}

/** Reads the stored form. Throws `DATA_NEWER`, `DATA_DAMAGED`. */
export function decodeRecord(text: string): GroupRecord {
  const stored = parsed(text) as { version?: unknown; open?: unknown } & Partial<Omit<GroupRecord, "open">>;
  if (typeof stored.version === "number" && stored.version > version)
    throw new CantleError("DATA_NEWER", "the state of a group was written by a newer version of Cantle");
  const { owner, leaseMs, high, open } = stored;
  if (typeof owner !== "string" || !isCount(leaseMs) || !isCount(high) || !Array.isArray(open)) throw damaged();
  return { owner, leaseMs, high, open: open.map(openOf) };
}

/** Where records are kept. */
export class GroupRecords {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The record of a group, if it has one. */
  async read(topic: string, group: string): Promise<StoredRecord | undefined> {
    const { jsm, names } = this.#connection;
    try {
      const found = await jsm.streams.getMessage(names.groups, { last_by_subj: names.groupSubject(topic, group) });
      return found === null ? undefined : { record: decodeRecord(found.string()), revision: found.seq };
    } catch (error) {
      if (isApiError(error, "noMessageFound")) return undefined;
      throw error;
    }
  }

  /** Replaces the record with this revision (0 for none); answers with the new one, undefined when somebody was faster. */
  async write(topic: string, group: string, { record, revision }: StoredRecord): Promise<number | undefined> {
    const { asker, names } = this.#connection;
    const expecting = headers();
    expecting.append("Nats-Expected-Last-Subject-Sequence", String(revision));
    try {
      const subject = names.groupSubject(topic, group);
      return await asker.store(subject, { data: encodeRecord(record), headers: expecting });
    } catch (error) {
      if (isApiError(error, "wrongLastSequence")) return undefined;
      throw error;
    }
  }

  async remove(topic: string, group: string): Promise<void> {
    const { jsm, names } = this.#connection;
    await jsm.streams.purge(names.groups, { filter: names.groupSubject(topic, group) });
  }

  /** The groups of a topic. */
  async list(topic: string): Promise<readonly string[]> {
    const { jsm, names } = this.#connection;
    const { state } = await jsm.streams.info(names.groups, { subjects_filter: names.groupSubject(topic, "*") });
    return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(subject.lastIndexOf(".") + 1));
  }
}

function openOf(entry: unknown): OpenMessage {
  const [sequence, attempts, untilMs] = Array.isArray(entry) ? entry : [];
  if (!isCount(sequence) || !isCount(attempts)) throw damaged();
  if (untilMs === undefined) return { sequence, attempts, state: { kind: "waiting" } };
  if (!isCount(untilMs)) throw damaged();
  return { sequence, attempts, state: untilMs === 0 ? { kind: "held" } : { kind: "delayed", untilMs } };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Said below.
  }
  throw damaged();
}

function damaged(): CantleError {
  return new CantleError("DATA_DAMAGED", "the state of a group cannot be read as what it should be");
}
