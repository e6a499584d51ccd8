/**
 * Counting tests. Fed with the events of a run, a tally knows what passed, failed and was left out.
 *
 * 1. Only leaves count: a test with subtests, and a suite, are their children; but when such a one fails by itself, that counts.
 * 2. A file that dies while loading, ends before its tests are done, or has no tests, is a failure.
 * 3. A test that skips with `needs ENGINE: COMMAND` lacks an engine; where engines are required, that is a failure.
 */
import { causes } from "@cantle/core";

/** A test that failed. */
export interface Failure {
  /** Its name behind those of the tests around it. */
  readonly name: string;
  /** `path:line`. */
  readonly place: string;
  readonly text: string;
}

/** Tests left out for want of an engine. */
export interface MissingEngine {
  readonly engine: string;
  /** The command that adds it. */
  readonly command: string;
  readonly tests: number;
}

/** What is known so far. */
export interface Tally {
  readonly passed: number;
  readonly failures: readonly Failure[];
  /** Left out, for whatever reason. */
  readonly skipped: number;
  /** The reasons that are not a missing engine. */
  readonly reasons: readonly string[];
  readonly missing: readonly MissingEngine[];
  /** Every leaf with its time. */
  readonly times: readonly { readonly name: string; readonly place: string; readonly ms: number }[];
}

/** The events of `run()` of node:test, as far as they matter here. */
export type RunEvent =
  | { readonly type: "test:start"; readonly data: { readonly name: string; readonly nesting: number } }
  | ResultEvent
  | {
      readonly type: "test:stderr" | "test:stdout";
      readonly data: { readonly file?: string; readonly message: string };
    }
  | { readonly type: "test:summary"; readonly data: { readonly file?: string | undefined } };

interface ResultEvent {
  readonly type: "test:pass" | "test:fail";
  readonly data: Result;
}

interface Result {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details: {
    readonly duration_ms?: number;
    readonly type?: string | undefined;
    readonly error?: unknown;
  };
}

/** What a tally is told beforehand. */
export interface TallyOptions {
  /** The files that are run, as the runner names them. */
  readonly files: readonly string[];
  readonly requireEngines: boolean;
  /** How to show a path. */
  readonly show: (path: string) => string;
  readonly onFailure?: (failure: Failure) => void;
}

/** Counts one run: `add` every event, then ask for the `end`. */
export class Counter {
  readonly #options: TallyOptions;
  /** The names of the tests around the one that runs, and itself. */
  readonly #names: string[] = [];
  /** Whether a test of this nesting has had children since the last of its kind ended. */
  readonly #parents: boolean[] = [];
  /** The files that ended as they should, or were told not to have. */
  readonly #done = new Set<string>();
  readonly #output = new Map<string, string>();
  readonly #failures: Failure[] = [];
  readonly #missing = new Map<string, MissingEngine>();
  readonly #times: Tally["times"][number][] = [];
  readonly #reasons = new Set<string>();
  #passed = 0;
  #skipped = 0;

  constructor(options: TallyOptions) {
    this.#options = options;
  }

  /** Takes the next event of the run. */
  add(event: RunEvent): void {
    switch (event.type) {
      case "test:start":
        this.#names[event.data.nesting] = event.data.name;
        break;
      case "test:pass":
      case "test:fail":
        if (event.data.nesting === 0 && event.data.name === event.data.file) this.#fileEnded(event);
        else this.#testEnded(event);
        break;
      case "test:stdout":
      case "test:stderr": {
        const { file = "", message } = event.data;
        this.#output.set(file, ((this.#output.get(file) ?? "") + message).slice(-outputMax));
        break;
      }
      case "test:summary":
        this.#done.add(event.data.file ?? "");
    }
  }

  /** What the whole run came to. */
  end(): Tally {
    for (const file of this.#options.files) {
      if (!this.#done.has(file)) this.#failFile(file, unfinished);
    }
    return {
      passed: this.#passed,
      failures: this.#failures,
      skipped: this.#skipped,
      reasons: [...this.#reasons],
      missing: [...this.#missing.values()],
      times: this.#times,
    };
  }

  /** The runner only speaks of a file itself when it failed as a whole, or is empty. */
  #fileEnded({ type, data: { file = "", details } }: ResultEvent): void {
    this.#done.add(file);
    this.#failFile(file, type === "test:fail" ? (this.#output.get(file) ?? textOf(details.error)) : unfinished);
  }

  #testEnded({ type, data }: ResultEvent): void {
    const { nesting, file, line, details } = data;
    const isParent = this.#parents[nesting] === true;
    this.#parents[nesting] = false;
    if (nesting > 0) this.#parents[nesting - 1] = true;
    const name = [...this.#names.slice(0, nesting), data.name].join(" > ");
    const place = file === undefined ? name : `${this.#options.show(file)}:${line}`;
    const failed = type === "test:fail" && !data.todo;
    if (isParent && !(failed && isOwnFailure(details.error))) return;
    if (failed) this.#fail({ name, place, text: textOf(details.error) });
    else if (data.skip || data.todo) this.#skip(data.skip || data.todo || undefined, { name, place });
    else if (details.type !== "suite") this.#passed++;
    this.#times.push({ name, place, ms: details.duration_ms ?? 0 });
  }

  #skip(given: string | true | undefined, at: { readonly name: string; readonly place: string }): void {
    const reason = typeof given === "string" ? given : at.name;
    const [, engine, command] = /^needs ([^:]+): (.+)$/s.exec(reason) ?? [];
    if (engine !== undefined && command !== undefined) {
      if (this.#options.requireEngines) {
        this.#fail({ ...at, text: `needs ${engine}, and engines are required here: ${command}` });
        return;
      }
      this.#missing.set(engine, { engine, command, tests: (this.#missing.get(engine)?.tests ?? 0) + 1 });
    } else this.#reasons.add(reason);
    this.#skipped++;
  }

  #failFile(file: string, text: string): void {
    const place = this.#options.show(file);
    this.#fail({ name: place, place, text });
  }

  #fail(failure: Failure): void {
    this.#failures.push(failure);
    this.#options.onFailure?.(failure);
  }
}

const outputMax = 20_000;
const unfinished = "it has no tests, or ended before they were done";

function isOwnFailure(error: unknown): boolean {
  return (error as { failureType?: string } | undefined)?.failureType !== "subtestsFailed";
}

/** The test's own error, without the runner's wrapping and frames. */
function textOf(error: unknown): string {
  const own = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (!(own instanceof Error)) return String(own);
  const text = own.stack?.includes(own.message) ? own.stack : `${own.name}: ${own.message}\n${own.stack}`;
  const frames = text.split("\n").filter((line) => !/^\s+at .*\(?node:/.test(line));
  return [...frames, ...causes(own).map((cause) => `cause: ${cause}`)].join("\n");
}
