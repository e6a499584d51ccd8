/**
 * The innermost station of the way in: the handler as it was written, between the contract's two checks. Input and output
 * are parsed, coerced, validated, stripped and copied, each exactly once and here.
 */

import { type Codec, codecOf } from "@cantle/contract";
import { type Call, type Handler, isCantleError, type Operation, type Reply } from "@cantle/core";
import { refusal } from "./layers/declared.ts";

/** A handler as written: validated input in, something that should fit the contract out. */
export type Work = (input: unknown, call: Call) => unknown;

/** Answers calls of an operation with the result of `work`. */
export function answered(operation: Operation, work: Work): Handler {
  const codec = codecOf(operation);
  const reply = replyOf(operation, codec);
  return async (call) => {
    let input: unknown;
    try {
      input = codec.input(call.payload);
      if (input instanceof Promise) input = await input;
    } catch (error) {
      throw refused(error, call);
    }
    const result = await work(input, call);
    try {
      const replied = reply(result, call);
      // What is there already is not awaited: that would be another turn for every call.
      return replied instanceof Promise ? await replied : replied;
    } catch (error) {
      throw refused(error, call);
    }
  };
}

/** How a result becomes a reply, by the operation's shape. */
function replyOf({ shape }: Operation, codec: Codec): (result: unknown, call: Call) => Reply | Promise<Reply> {
  switch (shape) {
    case "stream":
      return (result, call) => ({
        kind: "items",
        items: checkedItems(result as AsyncIterable<unknown>, codec, call),
      });
    case "download":
      return (result) => ({ kind: "download", download: result as never });
    default:
      return (result) => {
        const value = codec.output(result);
        return value instanceof Promise
          ? value.then((settled) => ({ kind: "value", value: settled }))
          : { kind: "value", value };
      };
  }
}

/** The items of a stream, each held to the contract as it passes. */
async function* checkedItems(items: AsyncIterable<unknown>, codec: Codec, call: Call): AsyncIterable<unknown> {
  for await (const item of items) {
    let checked: unknown;
    try {
      checked = await codec.item(item);
    } catch (error) {
      throw refused(error, call);
    }
    yield checked;
  }
}

function refused(error: unknown, call: Call): unknown {
  return isCantleError(error) ? refusal(error, call) : error;
}
