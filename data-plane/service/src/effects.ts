/**
 * The port to whatever remembers which calls had their effect: the store of idempotency keys. It lives beside the data,
 * so that remembering commits with the effect; a service that owns no database has none.
 *
 *     begin ──▶ nothing known: the handler runs, its transactions remember themselves ──▶ finish: the reply is kept
 *          └──▶ the reply is known: it is given again, and the handler is not entered
 */

import type { Call } from "@cantle/core";

/** A call that carries an idempotency key. */
export interface KeyedCall {
  /** Whose key it is: the operation, and the user on whose behalf it is called. */
  readonly scope: string;
  readonly key: string;
  /** Differs when the input differs. */
  readonly fingerprint: string;
}

/** What is remembered. */
export interface Effects {
  /** The output of the same call before; undefined when it has none yet. Throws `KEY_REUSED` for another input. */
  begin(call: Call, keyed: KeyedCall): Promise<{ readonly output: unknown } | undefined>;
  /** Keeps the output. */
  finish(keyed: KeyedCall, output: unknown): Promise<void>;
}
