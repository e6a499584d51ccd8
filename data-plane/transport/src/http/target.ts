/**
 * The request target: one canonical reading, or none.
 *
 *     GET /articles/how-to?page=2        ─▶ { path: "/articles/how-to", query: "page=2" }
 *     GET http://HOST/articles           ─▶ the same as /articles, where HOST is the Host
 *
 * The bytes that come out decide the route, the policy and what is forwarded; nothing is normalised on the way, because two
 * readers that normalise differently are how requests slip past a check. So a path is refused (400) when it has
 *
 * 1. an empty segment (`//`), a dot segment (`.`, `..`, also encoded, also before `;`), a backslash or a fragment;
 * 2. an encoded separator (`%2f`, `%5c`), control character or NUL, encoded once or twice;
 * 3. a broken percent-encoding, or one that is not UTF-8 (overlong forms are not).
 *
 * Literal segments of a route are compared as they were sent: `/%61rticles` is not `/articles`. A trailing slash makes
 * another path, which no operation has (404); an external program gets it as it is.
 */
import { CantleError } from "@cantle/core";

/** A target that was read. */
export interface Target {
  /** Begins with a slash; still percent-encoded. */
  readonly path: string;
  /** Without the question mark; empty where there is none. */
  readonly query: string;
}

/** Nearly every path: plain segments that do not begin with a dot. */
const plainPath = /^(?:\/[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9._~!$&'()*+,=:@-]*)*\/?$/;
const pathShape = /^(?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)+$/;
const queryShape = /^[\x21\x22\x24-\x7e]*$/;
const dotSegment = /^\.{1,2}(?:;|$)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const separator = /[\u0000-\u001f\u007f-\u009f/\\]/;
const encodedTwice = /%(?:[01][0-9a-f]|7f|25|2e|2f|5c)/i;

/** Reads a request target of a request to `host`. Throws `REQUEST_MALFORMED` for one without a single reading. */
export function readTarget(target: string, host: string): Target {
  const origin = target.startsWith("/") ? target : originForm(target, host);
  const mark = origin.indexOf("?");
  const path = mark < 0 ? origin : origin.slice(0, mark);
  const query = mark < 0 ? "" : origin.slice(mark + 1);
  if (!plainPath.test(path)) checkPath(path);
  if (query !== "" && !queryShape.test(query)) throw malformed("the query has characters that must be encoded");
  return { path, query };
}

/**
 * Reads the target of a request that names its operation. Its path is read by that operation's template alone, so each segment
 * is one literal or one parameter, whatever text that is; it only has to be well-formed.
 */
export function readNamedTarget(target: string): Target {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark + 1);
  if (!pathShape.test(path) || !queryShape.test(query)) throw malformed("the path or the query is not well-formed");
  return { path, query };
}

/** The text of a segment, decoded once; undefined where it cannot be. */
export function decodeSegment(segment: string): string | undefined {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** RFC 9112, 3.2.2: a server must take the absolute form. It names the Host exactly, so there is nobody in it (`user@`). */
function originForm(target: string, host: string): string {
  const authority = /^http:\/\/([^/?]*)/i.exec(target);
  if (authority === null || authority[1]?.toLowerCase() !== host.toLowerCase()) {
    throw malformed("the request target is neither a path nor the URL of this host");
  }
  const rest = target.slice(authority[0].length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function checkPath(path: string): void {
  if (!pathShape.test(path)) throw malformed("the path has characters that must be encoded, or a broken encoding");
  const segments = path.split("/").slice(1);
  for (const [index, segment] of segments.entries()) {
    const text = decodeSegment(segment);
    const empty = segment === "" && index < segments.length - 1;
    if (text === undefined || empty || dotSegment.test(text) || separator.test(text) || encodedTwice.test(text)) {
      throw malformed("the path has no single reading");
    }
  }
}

function malformed(message: string): CantleError {
  return new CantleError("REQUEST_MALFORMED", message);
}
