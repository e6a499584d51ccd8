/** What the server and its client say, in the codes of Cantle. Nothing of a URL gets into a message. */
import { CantleError, isCantleError } from "@cantle/core";
import { messageTooLarge, notAllowed, translating, unreachable } from "@cantle/messaging";
import { JetStreamApiError } from "@nats-io/jetstream";
import { AuthorizationError, NoRespondersError, PermissionViolationError } from "@nats-io/transport-node";

/** The numbers of JetStream's own errors, as far as anything depends on them. */
export const apiErrors = {
  wrongLastSequence: 10071,
  consumerNotFound: 10014,
  streamNotFound: 10059,
  streamNameInUse: 10058,
  subjectsOverlap: 10065,
  noMessageFound: 10037,
  messageTooLarge: 10054,
  maximumsReached: 10077,
  insufficientResources: 10023,
  storageExceeded: 10047,
  memoryExceeded: 10028,
} as const;

const fullCodes: ReadonlySet<number> = new Set([
  apiErrors.maximumsReached,
  apiErrors.insufficientResources,
  apiErrors.storageExceeded,
  apiErrors.memoryExceeded,
]);

/** True for this error of JetStream's. */
export function isApiError(error: unknown, which: keyof typeof apiErrors): boolean {
  return error instanceof JetStreamApiError && (error.code as number) === apiErrors[which];
}

/** True when nothing answers at a subject: a stream or a consumer is not there (any more), or the server has no JetStream. */
export function isNobodyThere(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if (at instanceof NoRespondersError || at.name === "JetStreamNotEnabled") return true;
  return false;
}

/** Any error as one of ours. */
export function translate(error: unknown): CantleError {
  if (isCantleError(error)) return error;
  if (error instanceof JetStreamApiError) {
    if (fullCodes.has(error.code))
      return new CantleError("BROKER_FULL", "the broker has no room for another message", { cause: error });
    if (isApiError(error, "messageTooLarge")) return messageTooLarge(error);
  }
  for (let at = error; at instanceof Error; at = at.cause)
    if (at instanceof AuthorizationError || at instanceof PermissionViolationError)
      return notAllowed(error, "on the server");
  return unreachable(error);
}

/** Runs it; what it throws is one of ours. */
export const translated = translating(translate);
