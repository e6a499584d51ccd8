/** Which queries certainly change nothing: those that need no writer, and no step of a call whose effects are remembered. */
import type { CompiledQuery } from "kysely";

/** True for what is certainly a read; false for all else, raw statements that are not a plain `select` among them. */
export function onlyReads({ query, sql }: CompiledQuery): boolean {
  return query.kind === "SelectQueryNode" || (query.kind === "RawNode" && /^\s*select\b/i.test(sql));
}
