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

/** Something that the mesh decided beyond a single call. */
export type Note =
  /** An endpoint is left out for a while because it answers badly. */
  | { readonly kind: "ejected"; readonly service: string; readonly endpoint: string; readonly outMs: number }
  /** A breaker changed its state, and why. */
  | {
      readonly kind: "breaker";
      readonly operation: string;
      readonly state: "closed" | "open" | "half-open" | "forced-open" | "disabled";
      readonly why: string;
    }
  /** A reply was given in place of a failure. */
  | { readonly kind: "fallback"; readonly operation: string; readonly with: string; readonly code: string };

/** Is told what happens to calls. Must not throw, and must not keep the call. */
export interface Observer {
  ended(ended: EndedCall): void;
  /** Is told what the mesh decided. */
  noted?(note: Note): void;
}
