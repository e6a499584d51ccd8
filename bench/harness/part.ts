/** What a contestant's process offers once it runs: where it answers, whose work counts, and how it is driven and stopped. */

/** A running piece of a contestant. */
export interface Part {
  /** Where it answers, without a slash at the end. */
  readonly url?: string;
  /** Where it is, in its own words, for the side that connects to it. */
  readonly at?: string;
  /** The processes whose work is counted; default: its own. */
  readonly pids?: readonly number[];
  /** More facts, by name; plain data. */
  readonly facts?: Readonly<Record<string, string | readonly string[]>>;
  /** Works for a while and says what it did; for parts that make calls. */
  readonly drive?: (order: any) => Promise<unknown>;
  readonly stop: () => Promise<void> | void;
}

/** What was done in one turn. */
export interface Driven {
  readonly calls: number;
  readonly failed: number;
  readonly elapsedMs: number;
  /** Median time of one call, µs; where calls were made one at a time. */
  readonly p50Us?: number;
}

/** What a part's process says when it runs; the part without its functions. */
export type PartFacts = Pick<Part, "url" | "at" | "facts"> & { readonly pids: readonly number[] };

/** From the harness to a part's process. */
export interface Asked {
  readonly ask: number;
  readonly order: unknown;
}

/** From a part's process to the harness. */
export type Told =
  | { readonly kind: "ready"; readonly facts: PartFacts }
  | { readonly kind: "driven"; readonly ask: number; readonly driven: unknown }
  | { readonly kind: "failed"; readonly ask: number; readonly error: string };
