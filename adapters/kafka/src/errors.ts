/** What the cluster and its client say, in the codes of Cantle. Nothing of a URL gets into a message. */
import { CantleError, isCantleError } from "@cantle/core";
import { findErrorBy } from "@platformatic/kafka";

const tooLarge = ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"];
const refused = [
  "TOPIC_AUTHORIZATION_FAILED",
  "GROUP_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "SASL_AUTHENTICATION_FAILED",
];
const fenced = [
  "ILLEGAL_GENERATION",
  "UNKNOWN_MEMBER_ID",
  "REBALANCE_IN_PROGRESS",
  "FENCED_INSTANCE_ID",
  "FENCED_MEMBER_EPOCH",
  "STALE_MEMBER_EPOCH",
];

/** True when the cluster answered with one of these errors of the protocol. */
export function isProtocolError(error: unknown, ids: readonly string[]): boolean {
  return error instanceof Error && ids.some((id) => findErrorBy(error, "apiId", id) !== null);
}

/** True when the user may not do it. */
export function isRefused(error: unknown): boolean {
  return isProtocolError(error, refused);
}

/** True when this member has the partitions no more: the group has moved on without it. */
export function isFenced(error: unknown): boolean {
  return isProtocolError(error, fenced);
}

/** True when the broker does not know the request at all. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof Error && findErrorBy(error, "code", "PLT_KFK_UNSUPPORTED_API") !== null;
}

/** Any error as one of ours. */
export function translate(error: unknown): CantleError {
  if (isCantleError(error)) return error;
  if (isProtocolError(error, tooLarge))
    return new CantleError("MESSAGE_TOO_LARGE", "a message has more bytes than the broker takes", { cause: error });
  if (isRefused(error))
    return new CantleError("BROKER_UNAVAILABLE", "the broker does not let this user do it", {
      cause: error,
      help: "check the user and password in the URL, and what that user may do in the cluster",
    });
  return new CantleError("BROKER_UNAVAILABLE", "the broker cannot be reached, or did not answer in time", {
    cause: error,
  });
}

/** Runs it; what it throws is one of ours. */
export async function translated<Result>(task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    throw translate(error);
  }
}

/** The answer that comes too late, or twice. */
export function deliveryLost(): CantleError {
  return new CantleError("DELIVERY_LOST", "the delivery was ended before, or its lease was over");
}
