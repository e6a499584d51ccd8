/**
 * Contestants in turns.
 *
 *     all started ─▶ each warmed up ─▶ round 1: each, in turn ─▶ round 2: begins one further ─▶ … ─▶ all stopped
 *
 * All of them live through the same minutes of the same machine, so whatever else it does hits them alike. A ratio is taken within
 * a round, and the median over the rounds is what counts: many short turns, so that a burst of other work spoils few of them.
 */

/** What is measured in a turn, by name. */
export type Measures = Readonly<Record<string, number>>;

/** A contestant that runs. */
export interface Entrant {
  /** Works on one kind of work for a turn. */
  turn(work: string, ms: number): Promise<Measures>;
  stop(): Promise<void>;
}

/** A contestant. */
export interface Contestant {
  readonly name: string;
  start(): Promise<Entrant>;
}

/** A measure in a table: the first one of a contest is what ratios are of. */
export interface Column {
  readonly measure: string;
  readonly title: string;
  readonly digits: number;
}

/** What the design asks of a contestant. */
export interface Target {
  readonly contestant: string;
  readonly work: string;
  readonly measure: string;
  /** The contestant that it is a ratio to; absent, the figure itself is meant. */
  readonly to?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly stretch?: number;
}

/** Kinds of work, who does them, and what is asked of whom. */
export interface Contest {
  readonly title: string;
  /** The kinds of work, each done by every contestant in every round. */
  readonly works: readonly string[];
  readonly contestants: readonly Contestant[];
  /** The contestant that ratios are to. */
  readonly reference?: string;
  /** The columns for one kind of work. */
  readonly columns: (work: string) => readonly Column[];
  readonly targets: readonly Target[];
  /** How many rounds, unless the command says. */
  readonly rounds: number;
  /** Which round counts: `worst` where what is asked must hold in each. Default the median. */
  readonly counts?: "median" | "worst";
  readonly turnMs: number;
  readonly warmMs: number;
  /** What a reader should know before believing it. */
  readonly notes?: readonly string[];
  /** Stops what the contestants share. */
  readonly close?: () => Promise<void>;
}

/** What one contestant did at one kind of work, measures a round; or why it could not. */
export interface Standing {
  readonly name: string;
  readonly work: string;
  readonly rounds: readonly Measures[];
  readonly error?: string;
}

/** Lets them compete. A contestant that cannot start or finish is reported, and the others go on. */
export async function compete(contest: Contest, rounds: number, say: (line: string) => void): Promise<Standing[]> {
  const { contestants, works, turnMs, warmMs } = contest;
  const entries = contestants.map((contestant) => new Entry(contestant));
  try {
    for (const entry of entries) {
      say(`${contest.title}: starting ${entry.name}`);
      await entry.start(works, warmMs);
    }
    for (let round = 0; round < rounds; round++) {
      say(`${contest.title}: round ${round + 1} of ${rounds}`);
      for (let at = 0; at < entries.length; at++) {
        const entry = entries[(at + round) % entries.length]!;
        for (const work of works) await entry.play(work, turnMs);
      }
    }
  } finally {
    await Promise.all(entries.map((entry) => entry.stop()));
    await contest.close?.();
  }
  return works.flatMap((work) => entries.map((entry) => entry.standing(work)));
}

/** A contestant during its contest. */
class Entry {
  readonly name: string;
  readonly #contestant: Contestant;
  readonly #rounds = new Map<string, Measures[]>();
  #entrant: Entrant | undefined;
  #error: string | undefined;

  constructor(contestant: Contestant) {
    this.name = contestant.name;
    this.#contestant = contestant;
  }

  start(works: readonly string[], warmMs: number): Promise<void> {
    return this.#attempt(async () => {
      this.#entrant = await this.#contestant.start();
      if (warmMs > 0) for (const work of works) await this.#entrant.turn(work, warmMs);
    });
  }

  play(work: string, ms: number): Promise<void> {
    return this.#attempt(async () => {
      const measures = await this.#entrant!.turn(work, ms);
      this.#rounds.set(work, [...(this.#rounds.get(work) ?? []), measures]);
    });
  }

  async stop(): Promise<void> {
    await this.#entrant?.stop();
  }

  standing(work: string): Standing {
    const error = this.#error;
    return { name: this.name, work, rounds: this.#rounds.get(work) ?? [], ...(error !== undefined && { error }) };
  }

  /** What fails once is out. */
  async #attempt(act: () => Promise<void>): Promise<void> {
    if (this.#error !== undefined) return;
    try {
      await act();
    } catch (error) {
      this.#error = error instanceof Error ? error.message : String(error);
    }
  }
}
