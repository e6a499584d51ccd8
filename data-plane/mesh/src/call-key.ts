/** What decides the answer of a call: two calls of an operation with the same key may share one answer. */
import type { Call } from "@cantle/core";

const decoder = new TextDecoder();

/** Input, user and baggage of a call, as one text. */
export function callKey({ payload, caller, baggage, peer }: Call): string {
  const input =
    payload.kind === "value"
      ? payload.value
      : payload.kind === "bytes"
        ? decoder.decode(payload.bytes)
        : [payload.params, payload.query, decoder.decode(payload.bytes)];
  return JSON.stringify([payload.kind, input, caller?.id, caller?.roles, baggage, peer.service]);
}
