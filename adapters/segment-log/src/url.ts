/** Where an embedded broker is: `segment-log:/absolute/folder`, with `?repair=true` to go on after damage. */
import { isAbsolute, normalize } from "node:path";
import { CantleError } from "@cantle/core";

/** What a URL names. */
export interface Location {
  readonly folder: string;
  /** Whether damage is repaired; otherwise it is refused. */
  readonly repair: boolean;
}

/** Reads a URL; the path is taken as it stands, without percent-decoding. Throws `CONFIG_INVALID`. */
export function locationOf(url: string): Location {
  const rest = url.startsWith("segment-log:") ? url.slice("segment-log:".length) : "";
  const [path = "", query = ""] = rest.split("?", 2);
  const host = path.startsWith("//") && !path.startsWith("///");
  if (host || path.includes("\0") || !isAbsolute(path) || !["", "repair=true", "repair=false"].includes(query)) {
    throw new CantleError("CONFIG_INVALID", "this is not the URL of an embedded broker", {
      help: "write segment-log:/absolute/folder, and ?repair=true behind it to go on after damage",
      // Never the whole URL: one of another engine may hold a password.
      notes: rest,
    });
  }
  return { folder: normalize(path), repair: query === "repair=true" };
}
