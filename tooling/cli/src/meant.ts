/** What somebody meant who wrote a name that does not exist. */
import { closest } from "@cantle/config";

/** `did you mean 'accounts'?`; undefined when nothing is near. */
export function meantOf(text: string, names: readonly string[]): string | undefined {
  const meant = closest(text, names);
  return meant === undefined ? undefined : `did you mean '${meant}'?`;
}
