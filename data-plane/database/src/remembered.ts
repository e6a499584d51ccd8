/**
 * The body of every transaction, whoever runs it: a call that is repeated gets what the transaction returned the first time,
 * and what is published is stored beside the rows.
 */
import type { Call } from "@cantle/core";
import type { MakeOutgoing } from "@cantle/service";
import type { EffectsTable, Step } from "./effects.ts";
import type { Execute } from "./execute.ts";
import { type Beside, publishing } from "./own-transaction.ts";

/** What the calls of a service publish and remember with. */
export interface CallMemory {
  readonly effects: EffectsTable;
  /** Absent where there is no broker. */
  readonly outgoing: MakeOutgoing | undefined;
  /** Messages were committed. */
  readonly onCommitted: () => void;
}

/** One transaction of one call. */
export interface Body<R> {
  /** Absent outside any call: a migration, a test. */
  readonly within: (CallMemory & { readonly call: Call }) | undefined;
  readonly step: Step | undefined;
  /** Runs statements inside the transaction. */
  readonly execute: Execute;
  readonly run: (outgoing: Beside) => Promise<R>;
}

/** What became of it. */
export type Done<R> =
  /** It ran before: roll back, and answer this. */
  | { readonly kind: "before"; readonly result: R }
  /** Commit. `stored` says whether the relay has something to do then. */
  | { readonly kind: "now"; readonly result: R; readonly stored: boolean };

/** Runs it between begin and commit. */
export async function remembered<R>({ within, step, execute, run }: Body<R>): Promise<Done<R>> {
  const before = await step?.recall(execute);
  if (before !== undefined) return { kind: "before", result: before.result as R };
  const { outgoing, stored } = publishing(within, execute);
  const result = await run(outgoing);
  await step?.remember(execute, result);
  return { kind: "now", result, stored: stored() };
}
