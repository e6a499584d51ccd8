/** Path prefixes: `/api`, `/legacy/v2`. Plain segments, so that they mean what they say. */
import { CantleError } from "@cantle/core";

const prefixShape = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/;

/** The prefix itself. Throws `CONFIG_INVALID` for one that is not; `""` is none. */
export function checkPrefix(prefix: string, place: string): string {
  if (prefix !== "" && !prefixShape.test(prefix)) {
    throw new CantleError("CONFIG_INVALID", `'${prefix}' is not a path prefix`, {
      place,
      help: "write plain segments, each after a slash and none at the end: /api/v1",
    });
  }
  return prefix;
}

/** What of `path` lies below `prefix` (empty, or from its slash on); undefined where it does not. */
export function below(prefix: string, path: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const rest = path.slice(prefix.length);
  return rest === "" || rest.startsWith("/") ? rest : undefined;
}
