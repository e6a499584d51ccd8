/** Where reading begins, as people write it: `first`, `new`, a moment, so long ago, or the position of a message. */
import { CantleError, durationMs } from "@cantle/core";
import type { StartAt } from "@cantle/messaging";
import { meantOf } from "../meant.ts";

const moment = /^\d{4}-\d{2}-\d{2}([T ].+)?$/;
const span = /^\d+(\.\d+)?(ms|s|m|h|d)$/;
/** What some engine may call a position; a word without a digit is a slip. */
const position = /^(?=.*\d)[\x21-\x7e]{1,255}$/;

/** Reads it; `1h` is an hour before `wallMs`. Throws `USAGE`. */
export function readStartAt(text: string, wallMs: number): StartAt {
  if (text === "first" || text === "new") return { kind: text };
  if (span.test(text)) return timeOf(wallMs - durationMs(text));
  if (moment.test(text) && !Number.isNaN(Date.parse(text))) return timeOf(Date.parse(text));
  if (position.test(text) && !moment.test(text)) return { kind: "position", position: text };
  throw new CantleError("USAGE", `'${text}' is no place in a topic`, {
    help:
      meantOf(text, ["first", "new"]) ??
      "write first, new, a time such as 2026-01-31T12:00:00Z, 1h for an hour ago, or the position of a message",
  });
}

function timeOf(ms: number): StartAt {
  return { kind: "time", time: new Date(ms).toISOString() };
}

/** The same for people to read. */
export function startText(start: StartAt): string {
  switch (start.kind) {
    case "first":
      return "the first message";
    case "new":
      return "what comes from now on";
    case "position":
      return `position ${start.position}`;
    case "time":
      return start.time;
  }
}
