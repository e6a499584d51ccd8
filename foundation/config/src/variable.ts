/**
 * The names of environment variables. A word boundary (camelCase, dash) is one underscore, a step into an object is two:
 *
 *     accounts.maxPerDomain   ACCOUNTS_MAX_PER_DOMAIN
 *     user-mail.smtp.host     USER_MAIL_SMTP__HOST
 */
import { memberOf, membersOf, type Shape } from "./shape.ts";

/** A path that an environment variable can set. */
export interface Field {
  readonly path: readonly string[];
  readonly variable: string;
  readonly shape: Shape;
}

const depthMax = 5;

/** The environment variable of a path in a service's configuration. */
export function variableOf(service: string, path: readonly string[]): string {
  return `${snake(service)}_${path.map(snake).join("__")}`;
}

/** Every path that the schema spells out, parents before their members; arrays and maps are set whole, as JSON. */
export function fieldsOf(service: string, shape: Shape, path: readonly string[] = []): Field[] {
  if (path.length >= depthMax) return [];
  return membersOf(shape).flatMap((key) => {
    const member = memberOf(shape, key) as Shape;
    const at = [...path, key];
    return [{ path: at, variable: variableOf(service, at), shape: member }, ...fieldsOf(service, member, at)];
  });
}

function snake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .replace(/[^a-zA-Z0-9]+/g, "_")
    .toUpperCase();
}
