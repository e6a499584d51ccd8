/**
 * What every messaging engine must do, as tests. An adapter calls `brokerConformance` in a test file of its own, with the
 * real engine behind it; there is no other way to be an engine. What an engine says in its facts that it cannot do is
 * skipped, and nothing else.
 */
import { closing } from "./conformance/closing.ts";
import { deadLetters } from "./conformance/dead-letters.ts";
import { deliveries } from "./conformance/deliveries.ts";
import { limits } from "./conformance/limits.ts";
import { order } from "./conformance/order.ts";
import { queues } from "./conformance/queues.ts";
import { restarts } from "./conformance/restarts.ts";
import type { OpenBroker } from "./conformance/subject.ts";
import { topics } from "./conformance/topics.ts";

export { Cable, type ChangeBytes } from "./conformance/cable.ts";
export type { OpenBroker, OpenedBroker } from "./conformance/subject.ts";
export { refusesUrls } from "./conformance/urls.ts";

/** Registers the whole suite with node:test; `open` gives each test a broker and closes it after the test. */
export function brokerConformance(name: string, open: OpenBroker): void {
  const subject = { name, open };
  topics(subject);
  order(subject);
  deliveries(subject);
  queues(subject);
  deadLetters(subject);
  limits(subject);
  closing(subject);
  restarts(subject);
}
