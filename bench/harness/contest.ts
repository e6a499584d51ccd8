/**
 * Contestants in turns.
 *
 *     all started ─▶ each warmed up ─▶ round 1: each, in turn ─▶ round 2: begins one further ─▶ … ─▶ all stopped
 *
 * All of them live through the same minutes of the same machine, so whatever else it does hits them alike. A ratio is taken within
 * a round and the median over the rounds is what counts; absolute figures are the medians of one machine on one day.
 */
import { cpuUs } from "./cpu.ts";
import type { Driven } from "./part.ts";

/** A contestant that runs. */
export interface Entrant {
  /** The processes whose work counts. */
  readonly pids: readonly number[];
  /** Works on one kind of work for a turn. */
  turn(work: string, ms: number): Promise<Driven>;
  stop(): Promise<void>;
}

/** A contestant. */
export interface Contestant {
  readonly name: string;
  start(): Promise<Entrant>;
}

/** How long, how often, at what. */
export interface Rules {
  readonly rounds: number;
  readonly turnMs: number;
  readonly warmMs: number;
  /** The kinds of work, each done by every contestant in every round. */
  readonly works: readonly string[];
  /** Is told what happens, for whoever waits. */
  readonly say: (line: string) => void;
}

/** What is measured in a turn. */
export interface Score {
  /** Processor time of one call, µs. */
  readonly cpuUs: number;
  readonly callsPerSecond: number;
  readonly p50Us: number | undefined;
  readonly failed: number;
}

/** What one contestant did at one kind of work, a score a round; or why it could not. */
export interface Standing {
  readonly name: string;
  readonly work: string;
  readonly scores: readonly Score[];
  readonly error?: string;
}

/** Lets them compete. A contestant that cannot start or finish is reported, and the others go on. */
export async function compete(contestants: readonly Contestant[], rules: Rules): Promise<Standing[]> {
  const entries = contestants.map(({ name }) => ({ name, entrant: undefined as Entrant | undefined, error: "" }));
  const scores = new Map<string, Score[]>();
  try {
    for (const [at, { start, name }] of contestants.entries()) {
      rules.say(`starting ${name}`);
      await attempt(entries[at]!, async (entry) => {
        entry.entrant = await start();
        for (const work of rules.works) await entry.entrant.turn(work, rules.warmMs);
      });
    }
    for (let round = 0; round < rules.rounds; round++) {
      rules.say(`round ${round + 1} of ${rules.rounds}`);
      for (let at = 0; at < entries.length; at++) {
        await attempt(entries[(at + round) % entries.length]!, async ({ name, entrant }) => {
          for (const work of rules.works) {
            const score = await play(entrant!, work, rules.turnMs);
            const key = `${name}\n${work}`;
            scores.set(key, [...(scores.get(key) ?? []), score]);
          }
        });
      }
    }
  } finally {
    await Promise.all(entries.map(({ entrant }) => entrant?.stop()));
  }
  return rules.works.flatMap((work) =>
    entries.map(({ name, error }) => ({
      name,
      work,
      scores: scores.get(`${name}\n${work}`) ?? [],
      ...(error && { error }),
    })),
  );
}

interface Entry {
  readonly name: string;
  entrant: Entrant | undefined;
  error: string;
}

async function attempt(entry: Entry, act: (entry: Entry) => Promise<void>): Promise<void> {
  if (entry.error !== "") return;
  try {
    await act(entry);
  } catch (error) {
    entry.error = error instanceof Error ? error.message : String(error);
  }
}

async function play(entrant: Entrant, work: string, ms: number): Promise<Score> {
  const before = cpuUs(entrant.pids);
  const { calls, failed, elapsedMs, p50Us } = await entrant.turn(work, ms);
  const spent = cpuUs(entrant.pids) - before;
  if (calls === 0) throw new Error(`not one call was answered, ${failed} failed`);
  return { cpuUs: spent / calls, callsPerSecond: (calls / elapsedMs) * 1000, p50Us, failed };
}

/** The middle value; of an even number the upper one of the two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
