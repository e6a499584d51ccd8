/**
 * A fallback: a meaningful answer in place of a failure that is not the caller's. It is outside `colocated` and `timely`, so
 * that it answers in every placement, and a deadline that passed as well. The reply says that it is one (`fallback`), and the
 * observer is told.
 *
 * A function is given the input and the failure and answers at once: the caller has waited long enough. What it or the policy
 * answers must fit the contract, as every answer; one that does not is none.
 */
import { codecOf, type Schema } from "@cantle/contract";
import { asCantleError, type Call, type CantleError, type Operation, operationId, type Reply } from "@cantle/core";
import { callKey } from "../call-key.ts";
import { LastReplies } from "../last-replies.ts";
import type { Layer } from "../layer.ts";
import { copyOf } from "../own-reply.ts";
import { isFault } from "../verdict.ts";

/** Gives another answer where there is none. */
export const substituted: Layer = ({ operation, policy, host: { clock, observer, log } }) => {
  if (policy.fallback === false || operation.shape !== "value") return undefined;
  const { fallback } = policy;
  // A gateway apart knows routes and no schemas: there it cannot be said what fits.
  const { output: schema } = operation as Operation & { readonly output?: Schema };
  const checked = schema === undefined ? (value: unknown) => value : codecOf(operation).output;
  const memory = "last" in fallback ? new LastReplies({ ageMsMax: 60_000, entriesMax: 1_000, ...fallback }) : undefined;

  async function instead(call: Call, key: string | undefined, error: CantleError): Promise<Reply | undefined> {
    const fitting = async (value: unknown) => ({ kind: "value" as const, value: await checked(value) });
    if ("value" in fallback) return { ...(await fitting(copyOf(fallback.value))), fallback: "value" };
    if ("make" in fallback) return { ...(await fitting(fallback.make(inputOf(call), error))), fallback: "function" };
    const found = key === undefined ? undefined : memory?.find(key, clock.nowMs());
    return found && { ...found, fallback: "last" };
  }

  async function answer(call: Call, key: string | undefined, error: unknown): Promise<Reply> {
    if (!isFault(error)) throw error;
    const failure = asCantleError(error);
    let reply: Reply | undefined;
    try {
      reply = await instead(call, key, failure);
    } catch (cause) {
      log.error(`the fallback of ${operationId(operation)} threw, or does not fit its output`, { error: cause });
    }
    if (reply === undefined) throw error;
    observer?.noted?.({
      kind: "fallback",
      operation: operationId(operation),
      with: reply.fallback as string,
      code: failure.code,
    });
    return reply;
  }

  return (next) => {
    if (memory === undefined) return (call) => next(call).then(undefined, (error) => answer(call, undefined, error));
    return (call) => {
      // Before anybody can change the input.
      const key = callKey(call);
      return next(call).then(
        (reply) => {
          if (key !== undefined) memory.keep(key, reply, call.atMs);
          return reply;
        },
        (error) => answer(call, key, error),
      );
    };
  };
};

/** The input as a value. One that arrived as bytes is parsed: it is small, and this is the exception. */
function inputOf({ payload }: Call): unknown {
  if (payload.kind === "value") return payload.value;
  const body = payload.bytes.byteLength === 0 ? {} : (JSON.parse(new TextDecoder().decode(payload.bytes)) as object);
  return payload.kind === "bytes"
    ? body
    : { ...Object.fromEntries(new URLSearchParams(payload.query)), ...body, ...payload.params };
}
