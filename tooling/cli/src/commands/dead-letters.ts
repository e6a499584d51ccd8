/** `cantle dead-letters`: what was given up, by whom and why. */
import { CantleError, plain } from "@cantle/core";
import type { DeadLetter, DeadLetterFacts } from "@cantle/messaging";
import type { AtBroker, BrokerCommandOptions } from "../messages/at-broker.ts";
import { readFilter } from "../messages/letter-filter.ts";
import { checkSource, readSource, sourceText } from "../messages/letter-source.ts";
import { lettersOf, type Reason, reasonsOf } from "../messages/letters.ts";
import { reasonsReadMax, shownDefault } from "../messages/limits.ts";
import { printLetter, printLetterShortly, shownLetter } from "../messages/shown-letter.ts";
import { printJson, printTable, spanText } from "../output.ts";

/** `dead-letters list`. */
export async function listDeadLetters({ terminal, broker }: AtBroker, { json }: BrokerCommandOptions): Promise<number> {
  const { deadLetters } = broker;
  const sources: (Omit<DeadLetterFacts, "source"> & { source: string; reasons: readonly Reason[] })[] = [];
  for (const { source, count, oldestMs } of await deadLetters.sources()) {
    const reasons = reasonsOf(await take(lettersOf(deadLetters, source), reasonsReadMax), "code");
    sources.push({ source: sourceText(source), count, oldestMs, reasons });
  }
  sources.sort((a, b) => a.source.localeCompare(b.source));
  if (json) printJson(terminal, { sources });
  else if (sources.length === 0) terminal.err("there are no dead letters");
  else {
    const rows = sources.map(({ source, count, oldestMs, reasons }) => {
      const why = reasons.map((reason) => `${reason.code} ${reason.count}`).join(", ");
      return [source, String(count), spanText(oldestMs), plain(count > reasonsReadMax ? `${why}, …` : why)];
    });
    printTable(terminal, ["SOURCE", "COUNT", "OLDEST", "REASONS"], rows);
  }
  return 0;
}

/** `dead-letters show`: the reasons of a source, or one letter whole. */
export async function showDeadLetters(
  { terminal, broker }: AtBroker,
  { json }: BrokerCommandOptions,
  ...[sourceNamed, id]: readonly [string, string?]
): Promise<number> {
  const source = readSource(sourceNamed);
  await checkSource(broker, source);
  const letters = lettersOf(broker.deadLetters, source);
  if (id !== undefined) {
    const letter = shownLetter(await letterOf(letters, { id, source: sourceNamed }));
    if (json) printJson(terminal, letter);
    else printLetter(terminal, letter);
    return 0;
  }
  const reasons = reasonsOf(await take(letters, reasonsReadMax), "message");
  if (json) printJson(terminal, { source: sourceNamed, reasons });
  else if (reasons.length === 0) terminal.err(`'${sourceNamed}' has given up nothing`);
  else {
    const rows = reasons.map((each) => [String(each.count), plain(each.code), each.at, each.id, plain(each.message)]);
    printTable(terminal, ["COUNT", "CODE", "LATEST", "ID", "ERROR"], rows);
  }
  return 0;
}

async function letterOf(
  letters: AsyncIterable<DeadLetter>,
  { id, source }: { readonly id: string; readonly source: string },
): Promise<DeadLetter> {
  for await (const letter of letters) if (letter.id === id) return letter;
  throw new CantleError("CHANNEL_UNKNOWN", `'${source}' has no dead letter '${id}'`, {
    help: `it may have been redriven; \`cantle dead-letters peek ${source}\` lists those that there are`,
  });
}

/** The options of `dead-letters peek`. */
export interface PeekLettersOptions extends BrokerCommandOptions {
  readonly max?: number;
  readonly filter?: string;
}

/** `dead-letters peek`. */
export async function peekDeadLetters(
  { terminal, broker }: AtBroker,
  { max = shownDefault, filter, json }: PeekLettersOptions,
  sourceNamed: string,
): Promise<number> {
  const source = readSource(sourceNamed);
  await checkSource(broker, source);
  const found = await take(lettersOf(broker.deadLetters, source), max, readFilter(filter));
  const letters = found.map(shownLetter);
  if (json) printJson(terminal, { source: sourceNamed, letters });
  else if (letters.length === 0) terminal.err(`'${sourceNamed}' has no such dead letters`);
  else for (const letter of letters) printLetterShortly(terminal, letter);
  return 0;
}

/** The first of those that are wanted. */
async function take<T>(items: AsyncIterable<T>, max: number, isWanted = (_: T) => true): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) {
    if (isWanted(item)) taken.push(item);
    if (taken.length === max) break;
  }
  return taken;
}
