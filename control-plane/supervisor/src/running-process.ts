/**
 * A process as the supervisor has it in hand, whoever started it: something to tell things to, to hear from, and to see end.
 * Whether that means anything is not decided here but in `supervised-process.ts`.
 */
import type { ProcessIdentity } from "./process-identity.ts";
import type { ParentMessage } from "./protocol.ts";

/** How a process ended; both null where nobody could know. */
export interface ProcessEnd {
  readonly exit: number | null;
  readonly signal: string | null;
}

/** What is to be done when something comes of it. None of it is called before whoever made the process has it in hand. */
export interface ProcessEars {
  /** It said something; not yet looked at. */
  hear(message: unknown): void;
  ended(end: ProcessEnd): void;
}

/** A process in hand. */
export interface RunningProcess {
  readonly identity: ProcessIdentity;
  /** Says something, if anybody is there to hear it. */
  tell(message: ParentMessage): void;
  /** Resolves when the last that it wrote has been read; called once, after its end. */
  lastLines(): Promise<void>;
}
