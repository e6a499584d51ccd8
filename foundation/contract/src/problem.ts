/**
 * Errors over HTTP: `application/problem+json` (RFC 9457), both ways.
 *
 * `code` is what programs match on: a code of Cantle's table, or the name of a failure that the operation declares, which is
 * then in `failure` too. No failure may be named like a code, so one never passes for the other. `detail` is the message for
 * the caller; causes, notes and places stay where they are.
 */
import { CantleError, isCode, type Operation } from "@cantle/core";

/** The media type of problems. */
export const problemType = "application/problem+json";

/** A problem document. */
export interface Problem {
  readonly type: "about:blank";
  /** What the status means. */
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** Path → messages, of an input that does not fit. */
  readonly errors?: Readonly<Record<string, readonly string[]>>;
  /** The name of a declared failure. */
  readonly failure?: string;
  /** The data of a declared failure. */
  readonly data?: unknown;
  /** True when a hop below has already retried. */
  readonly retried?: true;
}

/** What may be told of an error. */
export function problemOf(error: CantleError): Problem {
  return {
    type: "about:blank",
    title: statusTitle(error.status),
    status: error.status,
    code: error.code === "DECLARED" ? (error.failure ?? error.code) : error.code,
    detail: error.message,
    ...(error.errors !== undefined && { errors: error.errors }),
    ...(error.failure !== undefined && { failure: error.failure }),
    ...(error.data !== undefined && { data: error.data }),
    ...(error.retried && { retried: true }),
  };
}

/** Where a problem came from. */
export interface ProblemSource {
  readonly operation: Operation;
  /** The status of the response; what the document says of itself does not count. */
  readonly status: number;
  /** The `Retry-After` header. */
  readonly retryAfter?: string | null | undefined;
}

/** The error that a problem tells of. Whatever is no problem of ours becomes `REPLY_MALFORMED` with the status kept. */
export function errorOfProblem(value: unknown, { operation, status, retryAfter }: ProblemSource): CantleError {
  const { code, detail, title, errors, data, retried } = (
    typeof value === "object" && value !== null ? value : {}
  ) as Partial<Record<keyof Problem, unknown>>;
  const message = [detail, title].find((text) => typeof text === "string" && text !== "") as string | undefined;
  const details = {
    status,
    ...(retried === true && { retried }),
    ...(retryAfter && /^\d{1,9}$/.test(retryAfter) && { retryAfterSeconds: Number(retryAfter) }),
  };
  if (isCode(code) && code !== "DECLARED")
    return new CantleError(code, message ?? code, { ...details, ...(isMessages(errors) && { errors }) });
  // A name that this copy of the contract does not know is a failure that a newer version declares.
  if (typeof code === "string" && code !== "")
    return new CantleError("DECLARED", message ?? code, { ...details, failure: code, data });
  return new CantleError(
    "REPLY_MALFORMED",
    message ?? `${operation.service} answered ${status} with an error that cannot be read`,
    details,
  );
}

function isMessages(errors: unknown): errors is Problem["errors"] & object {
  return (
    typeof errors === "object" &&
    errors !== null &&
    Object.values(errors).every(
      (messages) => Array.isArray(messages) && messages.every((message) => typeof message === "string"),
    )
  );
}

/** The phrase of a status (RFC 9110, 15). */
export function statusTitle(status: number): string {
  return titles[status] ?? (status < 500 ? "Client Error" : "Server Error");
}

const titles: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  423: "Locked",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  499: "Client Closed Request",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  507: "Insufficient Storage",
};
