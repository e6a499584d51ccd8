/** What undici and the sockets say, as codes. */
import { CantleError, isCantleError } from "@cantle/core";

/**
 * An error of an exchange. Where the other side sent what cannot be read it is `REPLY_MALFORMED`; where no connection could be
 * made it is `CONNECT_FAILED`, and nothing was sent; where it broke before the reply it is `UNREACHABLE`.
 */
export function failureOf(cause: Error & { readonly code?: string }): CantleError {
  if (isCantleError(cause)) return cause;
  const { code = "", name, message } = cause;
  if (name === "HTTPParserError" || malformed.has(code) || badAnswers.has(message)) {
    return new CantleError("REPLY_MALFORMED", "the other side answered with something that cannot be read", { cause });
  }
  if (unconnected.has(code)) return new CantleError("CONNECT_FAILED", "no connection could be made", { cause });
  return new CantleError("UNREACHABLE", "the connection broke before the reply", { cause });
}

const unconnected: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOENT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
]);
const malformed: ReadonlySet<string> = new Set(["UND_ERR_HEADERS_OVERFLOW", "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"]);

/** undici gives these the same code as a closed connection, so they can only be told by their text; a test holds them. */
const badAnswers: ReadonlySet<string> = new Set(["bad response", "bad upgrade"]);
