/** Loading the file that describes a system. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CantleError, isCantleError } from "@cantle/core";
import { isSystem, type System, whereIn } from "@cantle/system";

/** The system that a file exports by default. Throws `SYSTEM_INVALID` when it does not load or exports something else. */
export async function loadSystem(file: string): Promise<System> {
  const path = resolve(file);
  if (!existsSync(path))
    throw new CantleError("SYSTEM_INVALID", "there is no such file", {
      place: path,
      help: "name the file that exports the system: --system FILE",
    });
  let loaded: { default?: unknown };
  try {
    loaded = await import(pathToFileURL(path).href);
  } catch (cause) {
    if (isCantleError(cause)) throw cause;
    throw new CantleError("SYSTEM_INVALID", "the system's file failed to load", {
      place: whereIn(cause) ?? path,
      cause,
      help: "mend it; the system's file describes, and loads services with () => import(...) only",
    });
  }
  if (isSystem(loaded.default)) return loaded.default;
  throw new CantleError("SYSTEM_INVALID", "the file does not export a system by default", {
    place: path,
    help: 'write: export default system("shop", { services: { ... } })',
  });
}
