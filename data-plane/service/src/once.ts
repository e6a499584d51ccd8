/**
 * A call with an idempotency key has its effect once, where the service remembers keys beside its data: the same key with the
 * same input gives the same reply, with another input `KEY_REUSED` (draft-ietf-httpapi-idempotency-key-header).
 *
 * Only for calls that answer with a value: bytes and streams are not remembered. A failure is not remembered either; whoever
 * repeats the call tries again.
 */
import { createHash } from "node:crypto";
import { printJson } from "@cantle/contract";
import { type Call, isCantleError, type Operation, operationId } from "@cantle/core";
import { refusal, type Work } from "@cantle/mesh";
import type { Effects, KeyedCall } from "./effects.ts";

/** `work`, entered once for each key. */
export function once(operation: Operation, effects: Effects | undefined, work: Work): Work {
  if (effects === undefined || operation.method === "GET" || operation.shape !== "value") return work;
  return (input, call) => (call.idempotencyKey === undefined ? work(input, call) : remembered(input, call));

  async function remembered(input: unknown, call: Call): Promise<unknown> {
    const keyed: KeyedCall = { ...(keyOf(call) as KeyScope), fingerprint: fingerprintOf(input) };
    try {
      const before = await effects?.begin(call, keyed);
      if (before !== undefined) return before.output;
      const output = await work(input, call);
      await effects?.finish(keyed, output);
      return output;
    } catch (error) {
      // The caller's doing, not the handler's.
      throw isCantleError(error) && error.code === "KEY_REUSED" ? refusal(error, call) : error;
    }
  }
}

/** Whose key a call carries. */
export type KeyScope = Pick<KeyedCall, "scope" | "key">;

/** The key of a call and whose it is; undefined for a call without one. Two users' keys never meet. */
export function keyOf({ operation, caller, idempotencyKey }: Call): KeyScope | undefined {
  if (idempotencyKey === undefined) return undefined;
  const scope = caller === undefined ? operationId(operation) : `${operationId(operation)} ${caller.id}`;
  return { scope, key: idempotencyKey };
}

function fingerprintOf(input: unknown): string {
  return createHash("sha256").update(printJson(input)).digest("base64url");
}
