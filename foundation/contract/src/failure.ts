/** Declared failures: making them in a handler, recognising them in a caller. */
import { CantleError, isCantleError, type Operation } from "@cantle/core";
import type { ErrorSpec } from "./draft.ts";
import type { Declared, Fail, FailureNames, FailureOf } from "./types.ts";

/** The declared failures of an operation, by name. */
export function failuresOf(operation: Operation): Readonly<Record<string, ErrorSpec>> {
  return (operation as Declared).errors ?? {};
}

/** Which operation's `fail` made an error: only its own failures may leave an operation. */
const makers = new WeakMap<CantleError, Operation>();

/** True when `error` was made by the `fail` of this operation. */
export function wasMadeBy(error: CantleError, operation: Operation): boolean {
  return makers.get(error) === operation;
}

/** The `fail` of one operation's handlers. */
export function failOf<O extends Operation>(operation: O): Fail<O> {
  const failures = failuresOf(operation);
  const fail = (name: string, data?: unknown) => {
    const spec = Object.hasOwn(failures, name) ? failures[name] : undefined;
    if (spec === undefined) {
      return new CantleError("INTERNAL", "something went wrong inside the service", {
        notes: `'${name}' is not a declared error of ${operation.service}.${operation.name}`,
      });
    }
    const error = new CantleError("DECLARED", spec.description ?? name, { failure: name, status: spec.status, data });
    makers.set(error, operation);
    return error;
  };
  return fail as unknown as Fail<O>;
}

/**
 * True when `error` is the failure `name` of `operation`, in whatever placement it arose; `error.data` is then typed.
 *
 * @example if (isFailure(error, accounts.operations.open, "EmailTaken")) show(error.data.email);
 */
export function isFailure<O extends Operation, N extends FailureNames<O>>(
  error: unknown,
  operation: O,
  name: N,
): error is FailureOf<O, N> {
  return (
    isCantleError(error) &&
    error.code === "DECLARED" &&
    error.failure === name &&
    Object.hasOwn(failuresOf(operation), name)
  );
}
