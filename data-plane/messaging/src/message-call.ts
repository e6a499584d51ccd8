/** From a delivery to a call: a message enters a service as a request does. */
import { createHash } from "node:crypto";
import type { Channel } from "@cantle/contract";
import { Call, type Clock, newTrace, type Operation, parseBaggage, parseTrace, type Random } from "@cantle/core";
import type { Delivery } from "./delivery.ts";

/** Where a delivery is handled. */
export interface Handling {
  readonly channel: Channel;
  /** What handling it is: an internal operation whose input is the message's data. */
  readonly operation: Operation;
}

/** The call that hands a message over: in the name of whoever published it, in its trace, with a deadline and a key of its own. */
export function messageCall(
  { message, attempt }: Delivery,
  { channel, operation }: Handling,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Call {
  const { id, source, time, key } = message;
  return new Call(operation, {
    payload: { kind: "bytes", bytes: message.data },
    // What it says of itself gives no rights but to be handled here.
    peer: { service: source, uses: new Set([operation.service]) },
    trace: parseTrace(message.traceparent) ?? newTrace(random),
    deadlineMs: clock.nowMs() + operation.timeoutMs,
    idempotencyKey: keyOf(channel, id),
    baggage: parseBaggage(message.baggage),
    message: { id, source, time, key, attempt },
  });
}

const keyLengthMax = 255;

/** The same in every delivery, and no other message's. */
function keyOf({ name }: Channel, id: string): string {
  const key = `${name}:${id}`;
  return key.length <= keyLengthMax ? key : `${name}:${createHash("sha256").update(id).digest("base64url")}`;
}
