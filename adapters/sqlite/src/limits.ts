/** The limits of the engine; reaching one is `OVERLOADED`. */

/** What can be set when an engine is made; the defaults suit a service. */
export interface SqliteLimits {
  /**
   * How many writes and transactions may wait for the writer (default 1000). Lower sheds sooner; higher keeps callers
   * waiting for what they will have given up by then.
   */
  readonly waitingMax: number;
  /** How long one may wait for the writer (default 10 s): longer means that a transaction does not end. */
  readonly waitMaxMs: number;
  /** How long to try again while another process holds the file's lock (default 5 s). */
  readonly busyMaxMs: number;
  /** How many streams may be read from a file at once (default 8); each has a connection of its own. */
  readonly streamsMax: number;
  /** How many prepared statements each connection keeps (default 256); beyond, the longest unused goes. */
  readonly statementsMax: number;
}

/** The defaults. */
export const defaultLimits: SqliteLimits = {
  waitingMax: 1000,
  waitMaxMs: 10_000,
  busyMaxMs: 5_000,
  streamsMax: 8,
  statementsMax: 256,
};
