/** The lines that instances write, as people read them: after the name of who wrote them, in a colour of its own. */
import { stripVTControlCharacters } from "node:util";
import type { LogLine } from "@cantle/supervisor";
import type { Paint } from "./colours.ts";

const colours = ["cyan", "magenta", "blue", "yellow", "green"] as const;

/** Formats lines; names get their colours and a common width in the order they appear. */
export function createLineFormat(paint: Paint): (line: LogLine) => string {
  const known = new Map<string, (typeof colours)[number]>();
  const coloured = paint("dim", "") !== "";
  let width = 0;
  return ({ instance, line }) => {
    const name = instance.replace(/-1$/, "");
    const colour = known.get(name) ?? (colours[known.size % colours.length] as (typeof colours)[number]);
    known.set(name, colour);
    width = Math.max(width, name.length);
    return `${paint(colour, `${name.padEnd(width)} │`)} ${coloured ? line : stripVTControlCharacters(line)}`;
  };
}
