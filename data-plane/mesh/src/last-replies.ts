/** The last good reply to each call, for when there is no new one: bounded in number and age. */
import type { Reply } from "@cantle/core";
import { ownReply } from "./own-reply.ts";

/** What is kept. */
export interface KeepPolicy {
  /** How old a reply may be, ms. */
  readonly ageMsMax: number;
  /** How many are kept; the one least recently renewed goes first. */
  readonly entriesMax: number;
}

/** A bounded memory of replies. */
export class LastReplies {
  readonly #policy: KeepPolicy;
  readonly #kept = new Map<string, { readonly reply: Reply; readonly atMs: number }>();

  constructor(policy: KeepPolicy) {
    this.#policy = policy;
  }

  /** Keeps a reply in place of the one before it. Streams and downloads can only be read once, so they are not kept. */
  keep(key: string, reply: Reply, nowMs: number): void {
    if (reply.kind !== "value" && reply.kind !== "bytes") return;
    this.#kept.delete(key);
    // The one who is given it now may change it.
    this.#kept.set(key, { reply: ownReply(reply), atMs: nowMs });
    const oldest = this.#kept.size > this.#policy.entriesMax ? this.#kept.keys().next().value : undefined;
    if (oldest !== undefined) this.#kept.delete(oldest);
  }

  /** The last one, where it is not too old. */
  find(key: string, nowMs: number): Reply | undefined {
    const found = this.#kept.get(key);
    if (found === undefined || nowMs - found.atMs > this.#policy.ageMsMax) return undefined;
    return ownReply(found.reply);
  }
}
