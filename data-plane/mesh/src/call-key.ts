/** What decides the answer of a call: two calls of an operation with the same key may share one answer. */
import type { Call } from "@cantle/core";

const decoder = new TextDecoder();

/** Input, user and baggage of a call, as one text; undefined where the input is nothing that can be sent. */
export function callKey(call: Call): string | undefined {
  const { caller, baggage, peer, payload } = call;
  // A list or a dash: where it ends is certain, whatever the input says.
  const who =
    caller === undefined && baggage === undefined ? "-" : JSON.stringify([caller?.id, caller?.roles, baggage]);
  const input = inputOf(call);
  return input === undefined ? undefined : `${peer.service} ${payload.kind} ${who}${input}`;
}

function inputOf(call: Call): string | undefined {
  const { payload } = call;
  if (payload.kind === "bytes") return decoder.decode(payload.bytes);
  if (payload.kind === "http") return JSON.stringify([payload.params, payload.query, decoder.decode(payload.bytes)]);
  try {
    return call.valueText();
  } catch {
    return undefined;
  }
}
