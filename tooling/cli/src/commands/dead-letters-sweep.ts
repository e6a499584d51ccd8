/** `cantle dead-letters redrive` and `purge`: delivering again, or removing, what was given up. */
import process from "node:process";
import { plain, systemClock } from "@cantle/core";
import type { DeadLetterSource } from "@cantle/messaging";
import { agree } from "../messages/agreement.ts";
import type { AtBroker, BrokerCommandOptions } from "../messages/at-broker.ts";
import { readFilter } from "../messages/letter-filter.ts";
import { checkSource, readSource } from "../messages/letter-source.ts";
import { type ChosenLetter, chooseLetters } from "../messages/letters.ts";
import { sweptMax } from "../messages/limits.ts";
import { type Swept, sweep } from "../messages/sweep.ts";
import { counted, printJson } from "../output.ts";
import type { Terminal } from "../terminal.ts";

/** The options of both. */
export interface SweepOptions extends BrokerCommandOptions {
  readonly id?: readonly string[];
  readonly filter?: string;
  readonly max?: number;
  readonly dryRun?: boolean;
}

/** The options of `dead-letters redrive`. */
export interface RedriveOptions extends SweepOptions {
  /** How many in a second. */
  readonly rate?: Sweep["perSecondMax"];
}

/** `dead-letters redrive`: to the queue or the group that gave them up, with their attempts counted anew. */
export async function redriveDeadLetters(at: AtBroker, options: RedriveOptions, named: string): Promise<number> {
  const { source, chosen } = await choose(at, options, named);
  const { deadLetters } = at.broker;
  return sweepAll(at.terminal, chosen, {
    named,
    options,
    done: "redriven",
    act: (id) => deadLetters.redrive(source, id),
    perSecondMax: options.rate,
  });
}

/** The options of `dead-letters purge`. */
export interface PurgeLettersOptions extends SweepOptions {
  readonly yes?: boolean;
}

/** `dead-letters purge`. */
export async function purgeDeadLetters(at: AtBroker, options: PurgeLettersOptions, named: string): Promise<number> {
  const { source, chosen } = await choose(at, options, named);
  const { deadLetters } = at.broker;
  const what = `${counted(chosen.length, "dead letter")} of '${named}' will be removed for good`;
  const isSaid = (options.yes ?? false) || (options.dryRun ?? false) || chosen.length === 0;
  await agree(at.terminal, { what, name: named, isSaid });
  return sweepAll(at.terminal, chosen, {
    named,
    options,
    done: "removed",
    act: (id) => deadLetters.remove(source, id),
  });
}

async function choose(
  { broker }: AtBroker,
  { id = [], filter, max = sweptMax }: SweepOptions,
  named: string,
): Promise<{ readonly source: DeadLetterSource; readonly chosen: readonly ChosenLetter[] }> {
  const source = readSource(named);
  await checkSource(broker, source);
  return {
    source,
    chosen: await chooseLetters(broker.deadLetters, source, { ids: id, filter: readFilter(filter), max }),
  };
}

interface Sweep {
  /** The source as it was written. */
  readonly named: string;
  readonly options: SweepOptions;
  /** What a letter is when it is done. */
  readonly done: "redriven" | "removed";
  readonly act: (id: string) => Promise<boolean>;
  readonly perSecondMax?: number | undefined;
}

/** Between two lines of progress, ms. */
const progressMs = 1_000;

/** Sweeps until the end or Ctrl-C, tells each result, and sums up. */
async function sweepAll(terminal: Terminal, chosen: readonly ChosenLetter[], how: Sweep): Promise<number> {
  if (how.options.dryRun) return tellChosen(terminal, chosen, how);
  const { act, perSecondMax, options, done, named } = how;
  const results: Swept[] = [];
  const cancelled = cancelOnSignal(terminal);
  let toldMs = systemClock.nowMs();
  try {
    const clock = systemClock;
    for await (const swept of sweep(chosen, { act, perSecondMax, clock, signal: cancelled.signal })) {
      results.push(swept);
      if (!options.json) terminal.out(lineOf(swept, done));
      if (clock.nowMs() - toldMs < progressMs) continue;
      toldMs = clock.nowMs();
      terminal.err(terminal.paintErr("dim", `${results.length} of ${chosen.length}`));
    }
  } finally {
    cancelled.forget();
  }
  return tellSum(terminal, { results, left: chosen.length - results.length }, { named, done, asJson: options.json });
}

/** The first Ctrl-C ends it between two letters; a second one ends the process, as no one listens then. */
function cancelOnSignal({ err, paintErr }: Terminal) {
  const cancelling = new AbortController();
  const cancel = () => {
    err(paintErr("dim", "the rest stays where it is"));
    cancelling.abort();
  };
  process.once("SIGINT", cancel);
  process.once("SIGTERM", cancel);
  return {
    signal: cancelling.signal,
    forget() {
      process.off("SIGINT", cancel);
      process.off("SIGTERM", cancel);
    },
  };
}

function lineOf(swept: Swept, done: string): string {
  const result = swept.result === "done" ? done : swept.result;
  const why = swept.result === "failed" ? `  ${swept.code}: ${swept.why}` : "";
  return plain(`${result.padEnd(done.length)}  ${swept.id}  ${swept.message ?? "-"}${why}`);
}

function tellChosen(terminal: Terminal, chosen: readonly ChosenLetter[], { named, options, done }: Sweep): number {
  if (options.json) printJson(terminal, { source: named, wouldBe: done, letters: chosen });
  else {
    for (const { id, message } of chosen) terminal.out(plain(`${id}  ${message ?? "-"}`));
    terminal.err(`${counted(chosen.length, "dead letter")} of '${named}' would be ${done}`);
  }
  return 0;
}

interface Sum {
  readonly results: readonly Swept[];
  readonly left: number;
}

function tellSum(
  terminal: Terminal,
  { results, left }: Sum,
  { named, done, asJson = false }: { named: string; done: string; asJson?: boolean | undefined },
): number {
  const count = (result: Swept["result"]) => results.filter((each) => each.result === result).length;
  const [doneCount, gone, failed] = [count("done"), count("gone"), count("failed")];
  if (asJson) {
    const letters = results.map((swept) => ({
      id: swept.id,
      message: swept.message,
      result: swept.result === "done" ? done : swept.result,
      code: swept.result === "failed" ? swept.code : null,
    }));
    printJson(terminal, { source: named, [done]: doneCount, gone, failed, left, letters });
  } else {
    const rest = [
      [gone, "gone"],
      [failed, "failed"],
      [left, "left"],
    ] as const;
    const more = rest.flatMap(([number, word]) => (number === 0 ? [] : [`, ${number} ${word}`])).join("");
    terminal.err(`${doneCount} of ${named} ${done}${more}`);
  }
  return failed + left === 0 ? 0 : 1;
}
