/**
 * A reply of one's own, where one reply is for several: whoever gets it may change it. Values are JSON data (the serving side saw to
 * that), so a walk over them does what `structuredClone` does, at a tenth of its cost.
 */
import type { Reply } from "@cantle/core";

/** A copy of a reply that has a value; another one as it is. */
export function ownReply(reply: Reply): Reply {
  return reply.kind === "value" ? { ...reply, value: copyOf(reply.value) } : reply;
}

/** A copy of JSON data. */
export function copyOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  // Spreading defines members, also one that is called `__proto__`, which setting would not.
  const copied: Record<string, unknown> = { ...value };
  for (const name of Object.keys(copied)) {
    const member = copied[name];
    if (typeof member === "object" && member !== null) copied[name] = copyOf(member);
  }
  return copied;
}
