/**
 * What may leave a service when a handler throws.
 *
 * - A failure made by this operation's own `fail`: as it is, its data validated.
 * - The closed codes that say something of the call itself (a deadline, a refusal at the door): code and message.
 * - What a service below could not do: `UNAVAILABLE`, marked as retried, since the hop below has done what could be done.
 * - Everything else, another service's declared failures included: `INTERNAL`, with the cause for the log only.
 *
 * It is the same for what is thrown in the middle of a stream, when the reply is long on its way.
 */

import { codecOf, wasMadeBy } from "@cantle/contract";
import { type Call, CantleError, type Code, isCantleError, operationId, type Reply } from "@cantle/core";
import type { Layer } from "../layer.ts";

/** Failures of this station or of the platform, which say the same wherever they arose. */
const passing: ReadonlySet<Code> = new Set<Code>([
  "DEADLINE_EXCEEDED",
  "CANCELLED",
  "CALL_IN_TRANSACTION",
  "UNAVAILABLE",
  "CONTRACT_INCOMPATIBLE",
]);
/** Failures between this service and one below, or the broker. */
const below: ReadonlySet<Code> = new Set<Code>([
  "CONNECT_FAILED",
  "UNREACHABLE",
  "OVERLOADED",
  "DRAINING",
  "BROKER_UNAVAILABLE",
  "BROKER_FULL",
]);

/** Which call an error refuses. The same error, thrown on by a handler further up, is none of that handler's own. */
const refusals = new WeakMap<CantleError, Call>();

/** An error by which a layer, not a handler, ends this call; `declared` lets it through whatever its code. */
export function refusal(error: CantleError, call: Call): CantleError {
  refusals.set(error, call);
  return error;
}

/** Makes sure that only what may leave leaves. */
export const declared: Layer = ({ operation, host }) => {
  const codec = codecOf(operation);
  async function shown(error: unknown, call: Call): Promise<never> {
    if (!isCantleError(error)) throw internal(error);
    if (refusals.get(error) === call) throw error;
    if (passing.has(error.code)) throw withoutData(error);
    if (wasMadeBy(error, operation)) throw await codec.failure(error);
    if (below.has(error.code))
      throw new CantleError("UNAVAILABLE", `${whatOf(error)} that '${operation.service}' needs did not answer`, {
        cause: error,
        retried: true,
      });
    throw internal(error);
  }
  function internal(cause: unknown): CantleError {
    host.log.error(`${operationId(operation)} threw something its contract does not declare`, { error: cause });
    return new CantleError("INTERNAL", "something went wrong inside the service", {
      place: operationId(operation),
      cause,
    });
  }
  async function* guarded<T>(items: AsyncIterable<T>, call: Call): AsyncGenerator<T> {
    try {
      yield* items;
    } catch (error) {
      await shown(error, call);
    }
  }
  if (operation.shape === "value" || operation.shape === "upload")
    return (next) => (call) => next(call).then(undefined, (error) => shown(error, call));
  return (next) => (call) =>
    next(call).then(
      (reply) => flowing(reply, (stream) => guarded(stream, call)),
      (error) => shown(error, call),
    );
};

const whatOf = ({ code }: CantleError) => (code.startsWith("BROKER") ? "the broker" : "a service");

/** A reply with `wrap` around its stream. */
function flowing(reply: Reply, wrap: <T>(stream: AsyncIterable<T>) => AsyncIterable<T>): Reply {
  if (reply.kind === "items") return { ...reply, items: wrap(reply.items) };
  if (reply.kind !== "download") return reply;
  return { ...reply, download: { ...reply.download, chunks: wrap(reply.download.chunks) } };
}

/** The error without what only a declared failure or a refusal has: its name, its data, a status of its own. */
function withoutData(error: CantleError): CantleError {
  const { code, message, place, help, notes, retried, retryAfterSeconds } = error;
  return new CantleError(code, message, {
    ...(place !== undefined && { place }),
    ...(help !== undefined && { help }),
    ...(notes !== undefined && { notes }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    retried,
    cause: error,
  });
}
