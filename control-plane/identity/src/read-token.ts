/**
 * What a token says of itself before anything is proved: strict about its spelling, trusting nothing of it.
 *
 * A token has one spelling. Other alphabets, padding, white space, spare bits at the end of a base64url part, a signature that
 * is not 64 raw bytes: all refused, so that nobody makes a second spelling of a token he holds. (The twin (r, -s) of an ECDSA
 * signature remains; nothing here takes a token for unique.)
 * Of the header only `alg`, `typ` and `kid` count. `jku`, `x5u`, `x5c` and `jwk` are never looked at; `crit` and `b64` ask
 * for something that we do not do, and are refused.
 */
import { kidShape } from "./key-set.ts";
import { tokenLengthMax } from "./token.ts";

/** A token's header, or why there is none; the reason is for the log. */
export type TokenHead =
  | { readonly kind: "head"; readonly kid: string; readonly typ: string }
  | { readonly kind: "refused"; readonly reason: string };

/** 64 bytes are 86 characters, of which the last holds four spare bits that are zero. */
const shape = /^([A-Za-z0-9_-]{2,})\.([A-Za-z0-9_-]{2,})\.[A-Za-z0-9_-]{85}[AQgw]$/;

/** Reads the head of a token. */
export function readTokenHead(token: unknown): TokenHead {
  if (typeof token !== "string" || token === "") return refused("there is no token");
  if (token.length > tokenLengthMax) return refused("it is too long");
  const [, header = "", claims = ""] = shape.exec(token) ?? [];
  if (!isCanonical(header) || !isCanonical(claims)) return refused("it is not a signed token in its one spelling");
  return headOf(parse(header));
}

function headOf(header: unknown): TokenHead {
  if (typeof header !== "object" || header === null || Array.isArray(header)) return refused("its header is no object");
  const own = (name: string): unknown =>
    Object.hasOwn(header, name) ? (header as Record<string, unknown>)[name] : undefined;
  const kid = own("kid");
  const typ = own("typ");
  if (own("alg") !== "ES256") return refused("its algorithm is not ES256");
  if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) return refused("it asks for an extension");
  if (typeof kid !== "string" || !kidShape.test(kid)) return refused("its key id is none of ours");
  if (typeof typ !== "string") return refused("it does not say what it is");
  return { kind: "head", kid, typ };
}

function isCanonical(part: string): boolean {
  return part !== "" && Buffer.from(part, "base64url").toString("base64url") === part;
}

function parse(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

function refused(reason: string): TokenHead {
  return { kind: "refused", reason };
}
