/** Handlers in files of their own. */
import type { Operation } from "@cantle/core";
import type { Out, Schema } from "./schema.ts";
import type { BaseContext, Context, HandlerOf } from "./types.ts";

/** What a handler needs of its service: the same values that the service lists. */
export interface Needs<U, F extends Schema> {
  readonly uses?: U;
  readonly config?: F;
}

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
export function implement<O extends Operation, U = {}, F extends Schema = Schema<{}, {}>>(
  operation: O,
  needs: Needs<U, F>,
  handler: HandlerOf<O, Context<U, Out<F>>>,
): HandlerOf<O, Context<U, Out<F>>>;
export function implement(_operation: Operation, needsOrHandler: unknown, handler: unknown = needsOrHandler): unknown {
  return handler;
}
