/** What all topics, groups and queues of a broker stand on. */
import type { CantleError, Clock } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { Commits } from "../commits.ts";
import type { Hands } from "../hands.ts";
import type { Journal } from "../journal/journal.ts";
import type { SegmentLogLimits } from "../limits.ts";
import type { Giver } from "./given.ts";
import type { Tally } from "./message-index.ts";

/** What they share. The journal, commits and hands are there when all records are read; before, nobody asks for them. */
export interface Ground {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: SegmentLogLimits;
  readonly tally: Tally;
  readonly journal: Journal;
  readonly commits: Commits;
  readonly hands: Hands;
  /** Says that so many bytes at an address are needed from now on, or (negative) no longer. */
  readonly live: (address: number, bytes: number) => void;
  /** Says that something stored is damaged since the start. */
  readonly damaged: (error: CantleError) => void;
  /** Sees to it that a source gives what it can, soon. */
  readonly wake: (source: Giver) => void;
}
