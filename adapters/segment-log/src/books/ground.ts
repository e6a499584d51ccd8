/** What all topics, groups and queues of a broker stand on. */
import type { CantleError, Clock } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { Commits } from "../commits.ts";
import type { Hands } from "../hands.ts";
import type { Journal } from "../journal/journal.ts";
import type { SegmentLogLimits } from "../limits.ts";
import type { Source } from "./source.ts";

/** What they share. */
export interface Ground {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: SegmentLogLimits;
  readonly journal: Journal;
  readonly commits: Commits;
  readonly hands: Hands;
  /** Says that something stored is damaged since the start. */
  readonly damaged: (error: CantleError) => void;
  /** Sees to it that a source gives what it can, soon. */
  readonly wake: (source: Source) => void;
}
