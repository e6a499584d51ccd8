/**
 * Whether the running code is inside a database transaction.
 *
 * A remote call must not be made there: it would hold rows (with SQLite the whole file) for as long as another service
 * takes, and it would not be undone by a rollback. The database opens a scope around the callback of a transaction, and
 * the outbound side asks before it sends (`CALL_IN_TRANSACTION`).
 *
 * Invariants
 * 1. A scope follows the callback through everything it awaits, and into nothing else.
 * 2. It ends with the callback, also for work the callback started and left running.
 */
import { AsyncLocalStorage } from "node:async_hooks";

interface Scope {
  readonly owner: object | undefined;
  readonly outer: Scope | undefined;
  open: boolean;
}

const scopes = new AsyncLocalStorage<Scope>();

/** Runs the callback of a transaction in a scope of its own; `owner` says whose it is. */
export async function runInTransaction<R>(callback: () => Promise<R>, owner?: object): Promise<R> {
  const scope: Scope = { owner, outer: openScope(), open: true };
  try {
    return await scopes.run(scope, callback);
  } finally {
    scope.open = false;
  }
}

/** The nearest scope that has not ended: work that begins behind a transaction, again and again, keeps no chain of them. */
function openScope(): Scope | undefined {
  let scope = scopes.getStore();
  while (scope !== undefined && !scope.open) scope = scope.outer;
  return scope;
}

/** True inside any transaction; with `owner`, only inside one of that owner. */
export function insideTransaction(owner?: object): boolean {
  for (let scope = openScope(); scope !== undefined; scope = scope.outer) {
    if (scope.open && (owner === undefined || scope.owner === owner)) return true;
  }
  return false;
}
