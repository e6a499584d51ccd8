/** Problems that came back: which of them a service of ours wrote, as the errors they were. */
import type { Problem } from "@cantle/contract";
import { type CantleError, type ErrorRecord, fromRecord, isCode } from "@cantle/core";

/** An error from a problem document; undefined for one that was not written by a service of ours. */
export function errorOfProblem(value: unknown, retryAfterSeconds?: number): CantleError | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { code, failure, detail, status, data, errors, retried } = value as Partial<Problem>;
  const known = typeof failure === "string" ? "DECLARED" : code;
  if (!isCode(known) || typeof detail !== "string") return undefined;
  return fromRecord({
    code: known,
    message: detail,
    status,
    failure,
    data,
    errors,
    retried,
    retryAfterSeconds,
  } as ErrorRecord);
}

/** `Retry-After` in seconds, where it is a number of them. */
export function retryAfterOf(header: string | string[] | undefined): number | undefined {
  return typeof header === "string" && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}
