/**
 * Whether somebody agrees to what cannot be taken back: with `--yes`, or by typing the name of what it is about. Where nobody
 * sits at a terminal and nobody said `--yes`, it is not done.
 */
import { CantleError } from "@cantle/core";
import type { Terminal } from "../terminal.ts";

/** What is to be agreed to. */
export interface Agreement {
  /** What will happen, with how many, as a sentence without a full stop. */
  readonly what: string;
  /** What has to be typed. */
  readonly name: string;
  /** `--yes` was said. */
  readonly isSaid: boolean;
}

/** Resolves when somebody agrees. Throws `USAGE` where nobody can be asked, `CANCELLED` where somebody does not. */
export async function agree({ ask }: Terminal, { what, name, isSaid }: Agreement): Promise<void> {
  if (isSaid) return;
  if (ask === undefined) throw new CantleError("USAGE", what, { help: "say --yes if that is what you want" });
  const answer = await ask(`${what}.\nType ${name} if that is what you want: `);
  if (answer.trim() !== name) throw new CantleError("CANCELLED", "nothing was done: that is not what was asked for");
}
