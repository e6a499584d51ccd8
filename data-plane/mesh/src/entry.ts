/**
 * What happens to a call that enters the system from outside, at a gateway: while the gateway has more to do than it can, it
 * sheds before it asks anybody; then the way out. How many calls a gateway takes at once is its HTTP server's affair, as that
 * counts what is no call yet too.
 */
import type { Handler, Operation } from "@cantle/core";
import { spared } from "./layers/spared.ts";
import { outbound } from "./outbound.ts";
import type { OutboundHost } from "./outbound-host.ts";
import { followed } from "./recipe.ts";

/** The handler of a gateway's calls of one operation. */
export function entering(operation: Operation, host: OutboundHost): Handler {
  const send = outbound(operation, host);
  return followed(operation, host, { layers: [spared], station: () => send });
}
