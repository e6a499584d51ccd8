/**
 * Publishing, many at a time. Messages go out in their order over one connection and are acknowledged one by one; no more than
 * `unackedMax` of them wait for that, so a long batch costs no more memory than a short one.
 *
 * When one is refused, no further one of the batch is sent. Those already on their way are waited for, so that nobody is told
 * of a failure while the rest is still being stored.
 */
import type { Payload } from "@nats-io/transport-node";
import type { MsgHdrs } from "@nats-io/transport-node";
import { answerMs, type Connection } from "./connection.ts";

const unackedMax = 1_024;

/** One message on its way to the server. */
export interface Outgoing {
  readonly subject: string;
  readonly headers: MsgHdrs;
  readonly data: Payload;
}

/** Publishes them in this order; resolves when every one is stored. */
export async function publishAll({ js }: Connection, count: number, outgoing: (index: number) => Outgoing): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  let unacked = 0;
  let proceed: (() => void) | undefined;
  const ended = () => {
    unacked -= 1;
    // Half of them at a time: a wake-up for each would cost more than the message.
    if (unacked <= unackedMax / 2) proceed?.();
  };
  const failed = (error: unknown) => {
    failure ??= { error };
    ended();
  };
  for (let index = 0; index < count && failure === undefined; index++) {
    const { subject, headers, data } = outgoing(index);
    unacked += 1;
    js.publish(subject, data, { headers, timeout: answerMs }).then(ended, failed);
    if (unacked < unackedMax) continue;
    await new Promise<void>((resolve) => {
      proceed = resolve;
    });
    proceed = undefined;
  }
  while (unacked > 0)
    await new Promise<void>((resolve) => {
      proceed = resolve;
    });
  if (failure !== undefined) throw failure.error;
}
