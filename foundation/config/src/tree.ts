/**
 * Values put on top of each other. Objects are merged member by member; anything else, arrays too, replaces what was there.
 * Every leaf remembers who put it. `__proto__` never gets in: `leavesOf` refuses it.
 */
import { closest } from "./closest.ts";
import { isClosed, memberOf, membersOf, type Shape } from "./shape.ts";
import type { Origin } from "./sources.ts";

const depthMax = 32;

/** A value at a path; a leaf is anything but an object with members. */
export interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** What is merged so far. */
export interface Tree {
  readonly value: Record<string, unknown>;
  /** By dotted path. */
  readonly origins: Map<string, Origin>;
}

/** True for an object with members, as opposed to an array, a date and the like. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** The leaves of a value; tells `refuse` of the members that may not be there. */
export function leavesOf(
  value: unknown,
  at: { readonly shape: Shape | undefined; readonly path: readonly string[] },
  refuse: (path: readonly string[], message: string) => void,
): Leaf[] {
  const { shape, path } = at;
  if (!isRecord(value) || Object.keys(value).length === 0) return [{ path, value }];
  if (path.length >= depthMax) {
    refuse(path, `is nested deeper than ${depthMax} levels`);
    return [];
  }
  return Object.entries(value).flatMap(([key, member]) => {
    const inner = [...path, key];
    const message = strange(key, shape);
    if (message === undefined) return leavesOf(member, { shape: shape && memberOf(shape, key), path: inner }, refuse);
    refuse(inner, message);
    return [];
  });
}

function strange(key: string, shape: Shape | undefined): string | undefined {
  if (key === "__proto__") return "is not a name that anything can have";
  if (shape === undefined || !isClosed(shape) || memberOf(shape, key) !== undefined) return undefined;
  const near = closest(key, membersOf(shape));
  if (near !== undefined) return `is not known; did you mean '${near}'?`;
  const names = membersOf(shape);
  return `is not known; ${names.length === 0 ? "nothing can be set here" : `known are ${names.join(", ")}`}`;
}

/** Puts a leaf into the tree, on top of what is there. */
export function put(tree: Tree, { path, value }: Leaf, origin: Origin): void {
  let at = tree.value;
  for (const [index, key] of path.slice(0, -1).entries()) {
    if (!Object.hasOwn(at, key) || !isRecord(at[key])) {
      at[key] = {};
      tree.origins.delete(path.slice(0, index + 1).join("."));
    }
    at = at[key] as Record<string, unknown>;
  }
  const key = path.at(-1);
  if (key === undefined) return;
  // An empty object adds nothing to an object.
  if (isRecord(value) && Object.hasOwn(at, key) && isRecord(at[key])) return;
  at[key] = isRecord(value) ? {} : value;
  const name = path.join(".");
  for (const other of tree.origins.keys()) if (other.startsWith(`${name}.`)) tree.origins.delete(other);
  tree.origins.set(name, origin);
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}
