/** Where a database is: `sqlite:/absolute/path.sqlite`, or `sqlite::memory:`. */
import { isAbsolute, normalize } from "node:path";
import { CantleError } from "@cantle/core";

/** What a URL names. */
export type Location = { readonly kind: "memory" } | { readonly kind: "file"; readonly path: string };

/** Reads a URL; the path is taken as it stands, without percent-decoding. Throws `CONFIG_INVALID`. */
export function locationOf(url: string): Location {
  const rest = url.startsWith("sqlite:") ? url.slice("sqlite:".length) : "";
  if (rest === ":memory:") return { kind: "memory" };
  // Two slashes would be a host; a question mark is kept free for options, so that none is ever taken for a name.
  const host = rest.startsWith("//") && !rest.startsWith("///");
  if (host || rest.includes("?") || rest.includes("\0") || !isAbsolute(rest)) {
    throw new CantleError("CONFIG_INVALID", "this is not the URL of an SQLite database", {
      help: "write sqlite:/absolute/path.sqlite, or sqlite::memory: for one that ends with the process",
      // Never the whole URL: one of another engine may hold a password.
      notes: rest,
    });
  }
  return { kind: "file", path: normalize(rest) };
}
