/** How a message is shown: as data to programs, and as two or more lines to people. Its bytes are read here and nowhere else. */
import { plain } from "@cantle/core";
import type { StoredMessage } from "@cantle/messaging";
import type { Terminal } from "../terminal.ts";

/** A message as `--json` prints it; absent facts are null. */
export interface ShownMessage {
  readonly position: string;
  readonly id: string;
  readonly source: string;
  readonly time: string;
  readonly key: string | null;
  readonly priority: string | null;
  readonly notBefore: string | null;
  readonly traceId: string | null;
  /** Null where it is no JSON; then `dataBase64` has the bytes. */
  readonly data: unknown;
  readonly dataBase64?: string;
}

/** Reads a message. */
export function shownMessage(message: StoredMessage): ShownMessage {
  const { position, id, source, time, key = null, priority = null, notBefore = null, traceparent } = message;
  const traceId = traceparent?.split("-")[1] ?? null;
  return { position, id, source, time, key, priority, notBefore, traceId, ...dataOf(message) };
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function dataOf({ data }: StoredMessage): Pick<ShownMessage, "data" | "dataBase64"> {
  try {
    return { data: JSON.parse(decoder.decode(data)) as unknown };
  } catch {
    return { data: null, dataBase64: Buffer.from(data).toString("base64") };
  }
}

/** Prints a message: where and what it is in one line, then its data. */
export function printMessage({ out, paintOut }: Terminal, message: ShownMessage): void {
  const { position, id, time, key, priority, notBefore, traceId } = message;
  const facts = [
    time,
    `id ${id}`,
    ...(key === null ? [] : [`key ${key}`]),
    ...(priority === null ? [] : [priority]),
    ...(notBefore === null ? [] : [`not before ${notBefore}`]),
    ...(traceId === null ? [] : [`trace ${traceId}`]),
  ];
  out(`${paintOut("bold", plain(position))}  ${paintOut("dim", plain(facts.join("  ")))}`);
  out(`  ${dataText(message)}`);
}

/** Its data in one line. */
export function dataText({ data, dataBase64 }: ShownMessage): string {
  return dataBase64 === undefined ? plain(JSON.stringify(data)) : `no JSON; as base64: ${dataBase64}`;
}

/** Bytes for people: `812 B`, `1.4 kB`, `12.0 MB`. */
export function bytesText(bytes: number): string {
  const units = ["kB", "MB", "GB", "TB"];
  let shown = bytes;
  let unit = "B";
  for (const larger of units) {
    if (shown < 1_000) break;
    shown /= 1_000;
    unit = larger;
  }
  return unit === "B" ? `${shown} B` : `${shown.toFixed(1)} ${unit}`;
}
