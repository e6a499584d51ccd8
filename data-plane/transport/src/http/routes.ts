/**
 * The route table: which operation a method and a path mean.
 *
 * A tree of segments for each method, literals before parameters: `/users/me` wins over `/users/{id}`. A match visits each
 * node of the tree at most once, so its cost is bounded by the table, whatever the path. There are no patterns to write, so
 * there are none that can be slow.
 *
 * It compares segments as they were sent and decodes parameters once; that the path is canonical is checked before.
 */
import { CantleError } from "@cantle/core";
import { decodeSegment } from "./target.ts";

/** One row: a method, a path template, and what stands behind. */
export interface Route<T> {
  readonly method: string;
  /** `/accounts/{id}`. */
  readonly path: string;
  readonly value: T;
}

/** A row that fits, with its parameters decoded. */
export interface Matched<T> {
  readonly value: T;
  readonly params: Readonly<Record<string, string>>;
}

/** The table. */
export interface Routes<T> {
  match(method: string, path: string): Matched<T> | undefined;
  /** The methods that the path has, for `Allow`; empty where the path is unknown. GET brings HEAD. */
  methodsOf(path: string): string[];
}

interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  parameter: Node<T> | undefined;
  leaf: Leaf<T> | undefined;
}

interface Leaf<T> {
  readonly route: Route<T>;
  readonly names: readonly string[];
  /** What a match without parameters answers; made once. */
  readonly plain: Matched<T>;
}

/** Builds the table. Throws `SYSTEM_INVALID` when two rows mean the same requests. */
export function createRoutes<T>(routes: Iterable<Route<T>>): Routes<T> {
  const roots = new Map<string, Node<T>>();
  for (const route of routes) {
    const root = roots.get(route.method) ?? emptyNode<T>();
    roots.set(route.method, root);
    insert(root, route);
  }

  function match(method: string, path: string): Matched<T> | undefined {
    const root = roots.get(method);
    if (root === undefined) return undefined;
    const walk: Walk = { segments: path.split("/"), values: [] };
    const leaf = find(root, walk, 1);
    return leaf && (leaf.names.length === 0 ? leaf.plain : matched(leaf, walk.values));
  }

  return {
    match,
    methodsOf(path) {
      const methods = [...roots.keys()].filter((method) => match(method, path) !== undefined);
      if (methods.length === 0) return methods;
      return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
    },
  };
}

function emptyNode<T>(): Node<T> {
  return { literals: new Map(), parameter: undefined, leaf: undefined };
}

function insert<T>(root: Node<T>, route: Route<T>): void {
  const names: string[] = [];
  let node = root;
  for (const segment of route.path.split("/").slice(1)) {
    if (segment.startsWith("{")) {
      names.push(segment.slice(1, -1));
      node = node.parameter ??= emptyNode();
    } else {
      const next = node.literals.get(segment) ?? emptyNode<T>();
      node.literals.set(segment, next);
      node = next;
    }
  }
  if (node.leaf !== undefined) {
    throw new CantleError("SYSTEM_INVALID", `two operations answer ${route.method} ${route.path}`, {
      help: "give one of them another path, or mount the services under different prefixes",
      notes: `the other is ${node.leaf.route.path}`,
    });
  }
  node.leaf = { route, names, plain: { value: route.value, params: Object.freeze({}) } };
}

/** A way through the tree. */
interface Walk {
  readonly segments: readonly string[];
  /** The stack of what parameters took. */
  readonly values: string[];
}

/** Depth first, literal before parameter. */
function find<T>(node: Node<T>, walk: Walk, at: number): Leaf<T> | undefined {
  const { segments, values } = walk;
  if (at === segments.length) return node.leaf;
  const segment = segments[at] as string;
  const literal = node.literals.get(segment);
  const found = literal && find(literal, walk, at + 1);
  if (found !== undefined || node.parameter === undefined || segment === "") return found;
  const text = decodeSegment(segment);
  if (text === undefined) return undefined;
  values.push(text);
  const deeper = find(node.parameter, walk, at + 1);
  if (deeper === undefined) values.pop();
  return deeper;
}

function matched<T>({ route, names }: Leaf<T>, values: readonly string[]): Matched<T> {
  const params: Record<string, string> = {};
  for (let index = 0; index < names.length; index++) params[names[index] as string] = values[index] as string;
  return { value: route.value, params };
}

/** The parameters of a path that is read by one template, or undefined where it does not fit. Segments may be any text. */
export function paramsOf(template: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = template.split("/");
  const segments = path.split("/");
  if (wanted.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (let index = 1; index < wanted.length; index++) {
    const want = wanted[index] as string;
    const segment = segments[index] as string;
    const text = want.startsWith("{") ? decodeSegment(segment) : segment;
    if (text === undefined || (text !== want && !want.startsWith("{"))) return undefined;
    if (want.startsWith("{")) params[want.slice(1, -1)] = text;
  }
  return params;
}
