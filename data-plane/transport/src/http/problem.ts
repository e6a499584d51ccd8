/**
 * Errors over HTTP: RFC 9457 problem documents, and back.
 *
 * `code` is what programs match on. A declared failure is known by its own name: `code` and `failure` are that name, and
 * `data` is its data. What a `CantleError` holds for the log is not here.
 */
import { STATUS_CODES } from "node:http";
import { type CantleError, codes, type ErrorRecord, fromRecord, isCode } from "@cantle/core";

/** A problem document. */
export interface Problem {
  readonly type: "about:blank";
  /** The phrase of the status. */
  readonly title: string;
  readonly status: number;
  /** The message for the caller. */
  readonly detail: string;
  /** A code of the closed table, or the name of a declared failure. */
  readonly code: string;
  /** The name of a declared failure; absent otherwise. */
  readonly failure?: string;
  readonly data?: unknown;
  /** Path → messages, of an input that does not fit. */
  readonly errors?: Readonly<Record<string, readonly string[]>>;
  /** Between services: a hop below has retried. */
  readonly retried?: true;
}

/** The media type of a problem document. */
export const problemType = "application/problem+json";

/** An error as a problem document. */
export function problemOf(error: CantleError): Problem {
  const failure = error.code === "DECLARED" ? error.failure : undefined;
  return {
    type: "about:blank",
    title: titleOf(error.status),
    status: error.status,
    detail: error.message,
    code: failure ?? error.code,
    ...(failure !== undefined && { failure }),
    ...(error.data !== undefined && { data: error.data }),
    ...(error.errors !== undefined && { errors: error.errors }),
    ...(error.retried && { retried: true as const }),
  };
}

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

/** The phrase of a status; 499 is nobody's standard. */
export function titleOf(status: number): string {
  return STATUS_CODES[status] ?? (status === codes.CANCELLED.status ? "Client Closed Request" : "Error");
}

/** `Retry-After` in seconds, where it is a number of them. */
export function retryAfterOf(header: string | string[] | undefined): number | undefined {
  return typeof header === "string" && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}
