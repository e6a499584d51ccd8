/**
 * What every database engine must do, as tests. An adapter calls `databaseConformance` in a test file of its own, with
 * the real engine behind it; there is no other way to be an engine.
 */

import { closing } from "./conformance/closing.ts";
import { effects } from "./conformance/effects.ts";
import { messages } from "./conformance/messages.ts";
import { migrations } from "./conformance/migrations.ts";
import { queries } from "./conformance/queries.ts";
import { type BindingSubject, subjectOf } from "./conformance/subject.ts";
import { transactions } from "./conformance/transactions.ts";

export type { BindingSubject } from "./conformance/subject.ts";

/** Registers the whole suite with node:test. */
export function databaseConformance(binding: BindingSubject): void {
  const subject = subjectOf(binding);
  migrations(subject);
  transactions(subject);
  queries(subject);
  messages(subject);
  effects(subject);
  closing(subject);
}
