/**
 * What happens to every call on its way out, whatever it goes over. The order is the meaning:
 *
 * - `outside-transaction` refuses before anything is sent, because nothing that is sent can be rolled back;
 * - `substituted` is around all that can fail, the deadline included, and answers in every placement;
 * - `colocated` is outside of all that is about networks: a service in the same process is called, not sent to, and its own
 *   way in bounds the call;
 * - `timely` is around all that waits: a deadline bounds a place in a queue and all attempts together, not each;
 * - `guarded` and `bulkheaded` are around `retried`: they count calls, not attempts, and a call that is refused is not repeated;
 * - `retried` is around `picked`: each attempt chooses an endpoint anew. Ejection is inside `picked`, as it is per endpoint.
 */
import type { Handler, Operation } from "@cantle/core";
import { compile } from "./layer.ts";
import { bulkheaded } from "./layers/bulkheaded.ts";
import { colocated } from "./layers/colocated.ts";
import { guarded } from "./layers/guarded.ts";
import { observed } from "./layers/observed.ts";
import { outsideTransaction } from "./layers/outside-transaction.ts";
import { picked } from "./layers/picked.ts";
import { retried } from "./layers/retried.ts";
import { substituted } from "./layers/substituted.ts";
import { timely } from "./layers/timely.ts";
import type { OutboundHost } from "./outbound-host.ts";
import { policyOf } from "./policy.ts";

/** The handler that sends calls of one operation to wherever its service is. */
export function outbound(operation: Operation, host: OutboundHost): Handler {
  const plan = { operation, policy: policyOf(operation, host.policies), host };
  return compile(
    plan,
    [
      observed("out"), //    counts and times what the caller sees
      outsideTransaction, // what is sent cannot be rolled back
      substituted, //        a meaningful answer in place of a failure
      colocated, //          same process: nothing to retry or balance
      timely, //             one deadline over all attempts
      guarded, //            what keeps failing is not called for a while
      bulkheaded, //         one slow target takes its own places only
      retried, //            what may be repeated is, on another endpoint
    ],
    picked(plan), //         an endpoint that is ready, waiting for one that is starting
  );
}
