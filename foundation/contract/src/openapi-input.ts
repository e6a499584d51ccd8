/**
 * The input of an operation as OpenAPI says it: one object, taken apart into path and query parameters and a body, by the
 * same rules as `request.ts`.
 */
import type { Operation } from "@cantle/core";
import { branchesOf, propertiesOf } from "./json-schema.ts";
import type { SchemaComponents, SchemaSource } from "./openapi-schemas.ts";
import { parametersOf } from "./path.ts";
import { inputInQuery } from "./request.ts";
import type { JsonSchema } from "./schema.ts";
import { kindsReader } from "./text.ts";

const depthMax = 8;

/** The path parameters, and the query parameters where the rest of the input is in the query. */
export function parametersIn(operation: Operation, components: SchemaComponents, source: SchemaSource): JsonSchema[] {
  const { root } = source;
  const inPath = parametersOf(operation.path);
  const parameters = inPath.map(
    (name): JsonSchema => ({
      name,
      in: "path",
      required: true,
      ...described(memberOf(root, name), components, source),
    }),
  );
  if (!inputInQuery(operation)) return parameters;
  const required = requiredOf(root, root);
  const kinds = kindsReader(root);
  for (const name of propertiesOf(root)) {
    if (inPath.includes(name)) continue;
    const { schema, ...about } = described(memberOf(root, name), components, source);
    const { types, items } = kinds(name);
    // An object is said as JSON; everything else as text, arrays by repeating the name, which is OpenAPI's default.
    const shape =
      types.has("object") && types.size === 1
        ? { content: { "application/json": { schema } } }
        : { ...(items && { style: "form", explode: true }), schema };
    parameters.push({ name, in: "query", required: required.has(name), ...about, ...shape });
  }
  const others = othersOf(root, root);
  if (others !== undefined) {
    const name = freeName(propertiesOf(root));
    parameters.push({
      name,
      in: "query",
      required: false,
      style: "form",
      explode: true,
      schema: { type: "object", additionalProperties: components.place(others, source) },
      description: "Members of any other name.",
    });
  }
  return parameters;
}

/** The JSON body: what of the input is not in the path; undefined where nothing is left. */
export function bodyOf(
  operation: Operation,
  components: SchemaComponents,
  source: SchemaSource,
): JsonSchema | undefined {
  const { root } = source;
  const inPath = new Set(parametersOf(operation.path));
  const left = [...propertiesOf(root)].filter((name) => !inPath.has(name));
  if (left.length === 0 && othersOf(root, root) === undefined) return undefined;
  const schema = inPath.size === 0 ? root : without(root, { root, names: inPath }, 0);
  const required = [...requiredOf(root, root)].some((name) => !inPath.has(name));
  return { required, content: { "application/json": { schema: components.place(schema, source) } } };
}

/** A member's schema, and what of it a parameter says itself. */
function described(member: JsonSchema, components: SchemaComponents, source: SchemaSource): JsonSchema {
  const { description, deprecated, ...schema } = member;
  return {
    ...(description !== undefined && { description }),
    ...(deprecated === true && { deprecated }),
    schema: components.place(schema, source),
  };
}

/** What a member may be: its one schema, or any of those that branches give it. */
function memberOf(root: JsonSchema, name: string): JsonSchema {
  const found = new Map<string, JsonSchema>();
  walk(root, root, (schema) => {
    const member = (schema.properties as Record<string, JsonSchema> | undefined)?.[name];
    if (member !== undefined) found.set(JSON.stringify(member), member);
  });
  const all = [...found.values()];
  return all.length === 1 ? (all[0] as JsonSchema) : { anyOf: all };
}

/** The names that every input has: its own, those of all of `allOf`, and those that all alternatives share. */
function requiredOf(schema: JsonSchema, root: JsonSchema, depth = 0): Set<string> {
  const required = new Set((schema.required as string[] | undefined) ?? []);
  if (depth > depthMax) return required;
  const alternatives = new Set(["anyOf", "oneOf"].flatMap((word) => (schema[word] as JsonSchema[] | undefined) ?? []));
  for (const part of branchesOf(schema, root)) {
    if (!alternatives.has(part)) for (const name of requiredOf(part, root, depth + 1)) required.add(name);
  }
  const [first, ...others] = [...alternatives].map((part) => requiredOf(part, root, depth + 1));
  for (const name of first ?? []) if (others.every((other) => other.has(name))) required.add(name);
  return required;
}

/** The schema of members that have no name of their own (a record, a loose object). */
function othersOf(schema: JsonSchema, root: JsonSchema): JsonSchema | undefined {
  let others: JsonSchema | undefined;
  walk(schema, root, (part) => {
    if (typeof part.additionalProperties === "object") others ??= part.additionalProperties as JsonSchema;
  });
  return others;
}

/** The schema without some members; references are resolved where members could hide behind them. */
function without(
  schema: JsonSchema,
  from: { readonly root: JsonSchema; readonly names: ReadonlySet<string> },
  depth: number,
): JsonSchema {
  const { $ref: _, $defs: __, ...rest } = schema as Record<string, unknown>;
  const [target] = schema.$ref === undefined ? [] : branchesOf({ $ref: schema.$ref }, from.root);
  const merged = { ...target, ...rest } as Record<string, unknown>;
  const keep = ([name]: [string, unknown]) => !from.names.has(name);
  if (merged.properties) merged.properties = Object.fromEntries(Object.entries(merged.properties).filter(keep));
  const required = ((merged.required as string[] | undefined) ?? []).filter((name) => !from.names.has(name));
  if (required.length > 0) merged.required = required;
  else delete merged.required;
  for (const word of ["allOf", "anyOf", "oneOf"]) {
    const parts = merged[word] as JsonSchema[] | undefined;
    if (parts && depth < depthMax) merged[word] = parts.map((part) => without(part, from, depth + 1));
  }
  return merged;
}

/** Visits a schema and all that it is made of, level by level. */
function walk(schema: JsonSchema, root: JsonSchema, visit: (schema: JsonSchema) => void): void {
  let level = [schema];
  for (let depth = 0; depth <= depthMax && level.length > 0; depth++) {
    for (const part of level) visit(part);
    level = level.flatMap((part) => branchesOf(part, root));
  }
}

function freeName(taken: ReadonlySet<string>): string {
  let name = "others";
  while (taken.has(name)) name = `${name}_`;
  return name;
}
