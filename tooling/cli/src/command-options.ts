/** What commands on the page have in common: their shape, and options with how what is written in them is read. */
import { InvalidArgumentError, Option } from "commander";
import { readPort } from "./start-request.ts";
import type { Terminal } from "./terminal.ts";

/** A command: the terminal, its options, its arguments; answers with the exit code. */
export type Run = (terminal: Terminal, options: any, ...named: any[]) => Promise<number>;

/** Makes what commander calls of what implements a command. */
export type Act = (load: () => Promise<Run>) => (...given: any[]) => Promise<void>;

/** Options that several commands have; each is made anew, as commander keeps state in them. */
export const options = {
  system: () =>
    new Option(
      "--system <file>",
      "the file that exports the system, or its folder; default: system.ts, here or in src",
    ),
  json: (what: string) => new Option("--json", what),
  units: () =>
    new Option(
      "--units <name>",
      "how services share processes: one, each, threads, http, units, or a placement of the system; default: units",
    ),
  port: () =>
    new Option("--port <number>", "where the gateway listens, 0 for a free port; default: PORT, or 8080").argParser(
      portOption,
    ),
  host: () => new Option("--host <address>", "the address the gateway listens on; default: HOST, or 127.0.0.1"),
  set: () =>
    new Option("--set <key=value>", "a configuration value: accounts.maxPerDomain=5; may be repeated").argParser(
      settingOption,
    ),
  profile: () => new Option("--profile <name>", "also reads config.<name>.yaml; default: CANTLE_PROFILE"),
  readyFile: () =>
    new Option("--ready-file <path>", "writes where the gateway is, as JSON, once all is ready; removed at the end"),
};

function portOption(text: string): number {
  const port = readPort(text);
  if (port === undefined) throw new InvalidArgumentError("It is a number from 0 to 65535.");
  return port;
}

function settingOption(text: string, before: readonly string[] = []): readonly string[] {
  if (!/^[^=]+=/.test(text)) throw new InvalidArgumentError("It is a key, an equals sign and a value.");
  return [...before, text];
}

/** Reads an option that may be repeated. */
export function repeated(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** Reads how many there may be: from 1 to `countMax`. */
export function countOption(countMax: number): (text: string) => number {
  return (text) => {
    const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (count < 1 || count > countMax) throw new InvalidArgumentError(`It is a number from 1 to ${countMax}.`);
    return count;
  };
}

/** Reads a span of time: `5s`. */
export function spanOption(text: string): string {
  if (!/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text))
    throw new InvalidArgumentError("It is a number and ms, s, m, h or d: 5s.");
  return text;
}

/** Reads how many in a second: `5/s`. */
export function rateOption(text: string): number {
  const perSecond = Number(/^(\d+(\.\d+)?)\/s$/.exec(text)?.[1]);
  if (!(perSecond > 0)) throw new InvalidArgumentError("It is a number for each second: 5/s.");
  return perSecond;
}
