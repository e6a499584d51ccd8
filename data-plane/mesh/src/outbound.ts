/**
 * What happens to every call on its way out, whatever it goes over. The order is the meaning:
 *
 * - `outside-transaction` refuses before anything is sent, because nothing that is sent can be rolled back;
 * - `colocated` is outside of all that is about networks: a service in the same process is called, not sent to, and its own
 *   way in bounds the call;
 * - `timely` is around `retried`: a deadline bounds all attempts together, not each;
 * - `retried` is around `picked`: each attempt chooses an endpoint anew.
 *
 * Breaker, bulkhead and fallback belong between `timely` and `retried` (per target and operation), ejection inside
 * `picked` (per endpoint).
 */
import type { Handler, Operation } from "@cantle/core";
import { compile } from "./layer.ts";
import { colocated } from "./layers/colocated.ts";
import { observed } from "./layers/observed.ts";
import { outsideTransaction } from "./layers/outside-transaction.ts";
import { picked } from "./layers/picked.ts";
import { retried } from "./layers/retried.ts";
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
      colocated, //          same process: nothing to retry or balance
      timely, //             one deadline over all attempts
      retried, //            what may be repeated is, on another endpoint
    ],
    picked(plan), //         an endpoint that is ready, waiting for one that is starting
  );
}
