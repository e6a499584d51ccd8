/** What layers tell of calls. An exporter, a console or a test implements it; without one, nothing is measured. */
import type { Call } from "@cantle/core";

/** Whether a call came into a service or went out of one. */
export type Direction = "in" | "out";

/** A call that ended. */
export interface EndedCall {
  readonly direction: Direction;
  readonly call: Call;
  /** `OK`, or the code of the error. */
  readonly code: string;
  readonly durationMs: number;
}

/** Is told what happens to calls. Must not throw, and must not keep the call. */
export interface Observer {
  ended(ended: EndedCall): void;
}
