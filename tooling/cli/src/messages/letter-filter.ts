/**
 * Which dead letters are meant: `code=UNREACHABLE` those whose last attempt failed so, `to=ann` those with this member in their
 * data (`article.id=5` reaches in), and any other text those that have it in their id, data or last failure.
 */
import type { DeadLetter } from "@cantle/messaging";
import { shownMessage } from "./shown-message.ts";

/** True for a letter that is meant. */
export type LetterFilter = (letter: DeadLetter) => boolean;

/** Reads a filter; without one all are meant. */
export function readFilter(text: string | undefined): LetterFilter {
  if (text === undefined) return () => true;
  const [, name = "", value = ""] = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(text) ?? [];
  if (name === "code") return ({ failures }) => failures.at(-1)?.code === value;
  if (name !== "") return ({ message }) => textAt(shownMessage(message).data, name.split(".")) === value;
  const wanted = text.toLowerCase();
  return ({ message, failures }) =>
    [message.id, Buffer.from(message.data).toString(), failures.at(-1)?.message ?? ""].some((each) =>
      each.toLowerCase().includes(wanted),
    );
}

/** The member at a path, as text; undefined where there is none. */
function textAt(data: unknown, path: readonly string[]): string | undefined {
  let value = data;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
