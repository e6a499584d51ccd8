/** What the cluster and its client say, in the codes of Cantle. Nothing of a URL gets into a message. */
import { type CantleError, isCantleError } from "@cantle/core";
import { messageTooLarge, notAllowed, translating, unreachable } from "@cantle/messaging";
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
  if (isProtocolError(error, tooLarge)) return messageTooLarge(error);
  if (isRefused(error)) return notAllowed(error, "in the cluster");
  return unreachable(error);
}

/** Runs it; what it throws is one of ours. */
export const translated = translating(translate);
