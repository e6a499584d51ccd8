/**
 * What happens to every call on its way out, whatever it goes over. The order is the meaning:
 *
 * - `outside-transaction` refuses before anything is sent, because nothing that is sent can be rolled back;
 * - `substituted` is around all that can fail, the deadline included, and answers in every placement;
 * - `colocated` is outside of all that is about networks: a service in the same process is called, not sent to, and its own
 *   way in bounds the call;
 * - `timely` is around all that waits: a deadline bounds a place in a queue and all attempts together, not each;
 * - `coalesced` is around `guarded`: what is shared is one call to a breaker, and who waits for it has its own deadline;
 * - `guarded` and `bulkheaded` are around `retried`: they count calls, not attempts, and a call that is refused is not repeated;
 * - `retried` is around `picked`: each attempt chooses an endpoint anew. Ejection is inside `picked`, as it is per endpoint;
 * - `disturbed` and `hedged` are in between: both are about one attempt.
 */
import type { Handler, Operation } from "@cantle/core";
import { bulkheaded } from "./layers/bulkheaded.ts";
import { coalesced } from "./layers/coalesced.ts";
import { colocated } from "./layers/colocated.ts";
import { disturbed } from "./layers/disturbed.ts";
import { guarded } from "./layers/guarded.ts";
import { hedged } from "./layers/hedged.ts";
import { observed } from "./layers/observed.ts";
import { outsideTransaction } from "./layers/outside-transaction.ts";
import { picked } from "./layers/picked.ts";
import { retried } from "./layers/retried.ts";
import { substituted } from "./layers/substituted.ts";
import { timely } from "./layers/timely.ts";
import type { OutboundHost } from "./outbound-host.ts";
import { followed } from "./recipe.ts";

/** The handler that sends calls of one operation to wherever its service is. */
export function outbound(operation: Operation, host: OutboundHost): Handler {
  return followed(operation, host, {
    layers: [
      observed("out"), //    counts and times what the caller sees
      outsideTransaction, // what is sent cannot be rolled back
      substituted, //        a meaningful answer in place of a failure
      colocated, //          same process: nothing to retry or balance
      timely, //             one deadline over all attempts
      coalesced, //          identical reads share one answer
      guarded, //            what keeps failing is not called for a while
      bulkheaded, //         one slow target takes its own places only
      retried, //            what may be repeated is, on another endpoint
      disturbed, //          faults on purpose, as if the target had them
      hedged, //             a slow read is sent to a second endpoint
    ],
    station: picked, //      an endpoint that is ready, waiting for one that is starting
  });
}
