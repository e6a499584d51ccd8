/** What a schema says of merged values, told with where they came from, and without telling any secret. */
import type { Issue } from "@cantle/contract";
import type { Reading } from "./layer.ts";
import { cameFrom, report } from "./problems.ts";
import { isSecretPath, textsOf } from "./secret.ts";
import type { Origin } from "./sources.ts";
import { type Leaf, type Tree, valueAt } from "./tree.ts";
import { variableOf } from "./variable.ts";

/** Tells what a schema found wrong, with the source of the wrong value, or the variable to set for a missing one. */
export function tellIssue(reading: Reading, tree: Tree, issue: Issue): void {
  const { service, problems, shape } = reading;
  const path = (issue.path ?? []).map((key) => String(typeof key === "object" ? key.key : key));
  const name = [service, ...path].join(".");
  // What could not be read is reported already; that it is now missing is no news.
  if (problems.has(name)) return;
  if (path.length > 0 && valueAt(tree.value, path) === undefined) {
    report(problems, name, missing(reading, path));
    return;
  }
  const origin = nearest(tree.origins, path);
  const from = origin === undefined ? "" : ` ${cameFrom(origin)}`;
  const secret = origin?.secret === true || isSecretPath(shape, path) || repeatsSecret(tree, issue.message);
  report(problems, name, `${secret ? "does not fit; it is secret, so more is not said" : issue.message}${from}`);
}

function missing({ service, fields, shape }: Reading, path: readonly string[]): string {
  const field = fields.find((each) => each.path.join(".") === path.join("."));
  const variable = field?.variable ?? variableOf(service, path.slice(0, 1));
  return isSecretPath(shape, path)
    ? `is missing; set ${variable}_FILE to a file that holds it, or ${variable}`
    : `is missing; set ${variable}, or ${[service, ...path].join(".")} in a config file`;
}

function repeatsSecret(tree: Tree, message: string): boolean {
  return [...tree.origins].some(
    ([, { path, secret }]) => secret && textsOf(valueAt(tree.value, path)).some((text) => message.includes(text)),
  );
}

/** The origin of a path, or of the nearest thing above or below it: transforms may have changed what is inside. */
function nearest(origins: ReadonlyMap<string, Origin>, path: readonly string[]): Origin | undefined {
  for (let length = path.length; length > 0; length--) {
    const found = origins.get(path.slice(0, length).join("."));
    if (found !== undefined) return found;
  }
  const inside = path.length === 0 ? "" : `${path.join(".")}.`;
  const below = [...origins].filter(([name]) => path.length > 0 && name.startsWith(inside)).map(([, origin]) => origin);
  return below.find((origin) => origin.secret) ?? below[0];
}

/** Where a validated value came from. A transform may have moved a secret to another name: it stays one. */
export function originOf({ shape }: Reading, tree: Tree, { path, value }: Leaf): Origin {
  const found = nearest(tree.origins, path) ?? { source: "default", from: "schema", secret: false };
  const moved = !tree.origins.has(path.join(".")) && textsOf(value).some((text) => repeatsSecret(tree, text));
  return { ...found, path, secret: found.secret || moved || isSecretPath(shape, path) };
}
