/** Colours at a terminal: whether there are any, and a function that adds them. */
import { styleText } from "node:util";

/** The styles in use. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan";

/** Puts a text into a style, or leaves it alone where there are no colours. */
export type Paint = (style: Style | Style[], text: string) => string;

/** What decides about colours. */
export interface ColourQuestion {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the stream is a terminal. */
  readonly isTerminal: boolean;
}

/**
 * Whether a stream shows colours. `FORCE_COLOR` is stronger than `NO_COLOR` (https://no-color.org), as everywhere in Node.js;
 * both are stronger than what the stream is. In CI a terminal is a recording, so it gets plain text.
 */
export function showsColours({ env, isTerminal }: ColourQuestion): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: refused, CI: ci, TERM: kind } = env;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  if (refused) return false;
  return isTerminal && kind !== "dumb" && !isTrue(ci);
}

/** A `Paint`. */
export function painter(coloured: boolean): Paint {
  return coloured ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && text !== "" && text !== "0" && text !== "false";
}
