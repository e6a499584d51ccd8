/**
 * The last good reply to each call, for when there is no new one: bounded in number and age. It is renewed at every call and
 * looked at hardly ever, so renewing is one look-up; who has to go is found when there is no room (second chance, Corbató 1968).
 */
import type { Reply } from "@cantle/core";
import { ownReply } from "./own-reply.ts";

/** What is kept. */
export interface KeepPolicy {
  /** How old a reply may be, ms. */
  readonly ageMsMax: number;
  /** How many are kept; the first to go is the one kept longest that was not renewed meanwhile. */
  readonly entriesMax: number;
}

interface Kept {
  reply: Reply;
  atMs: number;
  /** Since it was last passed over. */
  renewed: boolean;
}

/** A bounded memory of replies. */
export class LastReplies {
  readonly #policy: KeepPolicy;
  readonly #kept = new Map<string, Kept>();

  constructor(policy: KeepPolicy) {
    this.#policy = policy;
  }

  /** Keeps a reply in place of the one before it. Streams and downloads can only be read once, so they are not kept. */
  keep(key: string, reply: Reply, nowMs: number): void {
    if (reply.kind !== "value" && reply.kind !== "bytes") return;
    // The one who is given it now may change it.
    const own = ownReply(reply);
    const before = this.#kept.get(key);
    if (before !== undefined) {
      before.reply = own;
      before.atMs = nowMs;
      before.renewed = true;
      return;
    }
    if (this.#kept.size >= this.#policy.entriesMax) this.#makeRoom();
    this.#kept.set(key, { reply: own, atMs: nowMs, renewed: false });
  }

  /** The last one, where it is not too old. */
  find(key: string, nowMs: number): Reply | undefined {
    const found = this.#kept.get(key);
    if (found === undefined || nowMs - found.atMs > this.#policy.ageMsMax) return undefined;
    return ownReply(found.reply);
  }

  /** Those that were renewed go to the end of the line, each once; the first that was not leaves. */
  #makeRoom(): void {
    for (const [key, each] of this.#kept) {
      this.#kept.delete(key);
      if (!each.renewed) return;
      each.renewed = false;
      this.#kept.set(key, each);
    }
  }
}
