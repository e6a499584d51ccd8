/** Handlers in files of their own. */
import type { Operation } from "@cantle/core";
import type { Out, Schema } from "./schema.ts";
import type { BaseContext, Context, Contract, HandlerOf } from "./types.ts";

/** What a handler needs of its service: the same values that the service lists, and its contract when it publishes. */
export interface Needs {
  readonly uses?: object;
  readonly config?: Schema;
  readonly contract?: Contract<string, any>;
}

/** What a handler with these needs gets. */
export type ContextOf<N extends Needs> = Context<
  N extends { readonly uses: infer U } ? U : {},
  N extends { readonly config: infer F extends Schema } ? Out<F> : {},
  N extends { readonly contract: infer C } ? C : unknown
>;

/**
 * A handler of one operation, typed by the contract, to be listed in `service(..., { handlers })`.
 *
 * @example
 * export const read = implement(accounts.operations.read, { uses }, async ({ id }, { database, fail }) => { ... });
 */
export function implement<O extends Operation>(
  operation: O,
  handler: HandlerOf<O, BaseContext>,
): HandlerOf<O, BaseContext>;
export function implement<O extends Operation, N extends Needs>(
  operation: O,
  needs: N,
  handler: HandlerOf<O, ContextOf<N>>,
): HandlerOf<O, ContextOf<N>>;
export function implement(_operation: Operation, needsOrHandler: unknown, handler: unknown = needsOrHandler): unknown {
  return handler;
}
