/** A call inside a database transaction is refused: what was sent cannot be rolled back, and the transaction would hold its locks while it waits. */
import { CantleError, operationId } from "@cantle/core";
import type { Layer } from "../layer.ts";
import { insideTransaction } from "../transaction-scope.ts";

/** Refuses calls made inside a transaction. */
export const outsideTransaction: Layer =
  ({ operation }) =>
  (next) =>
  (call) => {
    if (!insideTransaction()) return next(call);
    return Promise.reject(
      new CantleError("CALL_IN_TRANSACTION", `${operationId(operation)} was called inside a database transaction`, {
        help: "call before or after the transaction",
      }),
    );
  };
