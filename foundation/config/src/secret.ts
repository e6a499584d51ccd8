/**
 * What must not be shown. A value is secret when it came from a `*_FILE`, when its schema or that of anything above it is
 * marked (`format: "password"` or `writeOnly: true`), or when a name on its path says so. An array is one value, so it is
 * secret when anything in it may be.
 */
import { isMarkedSecret, itemOf, memberOf, membersOf, type Shape, typesOf } from "./shape.ts";

/** What stands in the place of a secret. */
export const mask = "********";

const secretName = /secret|password|passphrase|token|credential|keys?$/i;
const depthMax = 5;

/** True for names such as `sessionSecret`, `apiKey`, `dbPassword`. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** True when the value at `path` is secret by name or by mark. */
export function isSecretPath(shape: Shape, path: readonly string[]): boolean {
  let at: Shape | undefined = shape;
  for (const key of path) {
    at = at && memberOf(at, key);
    if (isSecretName(key) || (at && isMarkedSecret(at))) return true;
  }
  return at !== undefined && typesOf(at).has("array") && holdsSecret(itemOf(at));
}

function holdsSecret(shape: Shape, depth = 0): boolean {
  if (isMarkedSecret(shape)) return true;
  if (depth > depthMax) return true;
  if (typesOf(shape).has("array") && holdsSecret(itemOf(shape), depth + 1)) return true;
  return membersOf(shape).some((key) => {
    const member = memberOf(shape, key);
    return isSecretName(key) || (member !== undefined && holdsSecret(member, depth + 1));
  });
}

/** A value as text for people: members with secret names and passwords in URLs are masked. */
export function showValue(value: unknown): string {
  const text =
    typeof value === "string"
      ? value
      : (JSON.stringify(value, (key, member) => (isSecretName(key) ? mask : member)) ?? String(value));
  // The password of a URL runs to the last @ before the path.
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/[^\s/?#:@"]*):[^\s/?#"]*@/gi, `$1:${mask}@`);
}

/** The texts in a value, to look for in messages that others wrote. */
export function textsOf(value: unknown): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (typeof value === "number") return [String(value)];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
