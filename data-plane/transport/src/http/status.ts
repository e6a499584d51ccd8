/**
 * What an answer that is not a success means.
 *
 * 1. A problem document with a `code` of ours is the error that it was.
 * 2. Else, a status that exactly one declared failure of the operation has is that failure, with the body as its data.
 * 3. Else the status itself says what kind of failure it is, as far as it says anything (table below). What the contract
 *    does not declare and HTTP does not explain (a 404, a redirect) is `REPLY_MALFORMED`: the program does not keep the contract.
 */
import type { IncomingHttpHeaders } from "node:http";
import { essenceOf, failuresOf, parseJson, statusTitle } from "@cantle/contract";
import { CantleError, type Code, type Operation } from "@cantle/core";
import { claimsJson } from "./media-type.ts";
import { errorOfProblem, retryAfterOf } from "./problem.ts";

/** An answer that was read. */
export interface FailedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Uint8Array;
}

const meanings: Readonly<Record<number, Code>> = {
  400: "INPUT_INVALID",
  401: "UNAUTHENTICATED",
  403: "FORBIDDEN",
  408: "DEADLINE_EXCEEDED",
  413: "BODY_TOO_LARGE",
  414: "URI_TOO_LONG",
  415: "MEDIA_TYPE_UNSUPPORTED",
  422: "INPUT_INVALID",
  429: "OVERLOADED",
  431: "HEADERS_TOO_LARGE",
  // Its own gateway's upstream; nobody knows whether the handler was entered, so none of these may be retried.
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** The error that an answer means. */
export function failureOfStatus(answer: FailedAnswer, operation: Operation): CantleError {
  const { status, headers } = answer;
  const value = jsonOf(answer);
  const retryAfterSeconds = retryAfterOf(headers["retry-after"]);
  const known = errorOfProblem(value, retryAfterSeconds);
  if (known !== undefined) return known;
  const declared = Object.entries(failuresOf(operation)).filter(([, spec]) => spec.status === status);
  if (declared.length === 1) {
    const [failure, spec] = declared[0] as (typeof declared)[number];
    return new CantleError("DECLARED", spec.description ?? failure, {
      failure,
      status,
      ...(spec.data && { data: value }),
    });
  }
  const code = meanings[status] ?? (status >= 500 ? "INTERNAL" : "REPLY_MALFORMED");
  return new CantleError(code, `the other side answered ${status} ${statusTitle(status)}`, {
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

function jsonOf({ headers, bytes }: FailedAnswer): unknown {
  const essence = essenceOf(headers["content-type"] ?? "");
  if (essence === undefined || !claimsJson(essence)) return undefined;
  try {
    return parseJson(bytes);
  } catch {
    return undefined;
  }
}
