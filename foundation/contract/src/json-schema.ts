/** Walking JSON Schema: what a schema is made of, other than by its members. */
import type { JsonSchema } from "./schema.ts";

/** The property names of an object schema, through `allOf`, `anyOf`, `oneOf` and local references. */
export function propertiesOf(schema: JsonSchema, root: JsonSchema = schema, depth = 0): Set<string> {
  const found = new Set(Object.keys((schema["properties"] as object | undefined) ?? {}));
  if (depth > 8) return found;
  for (const part of branchesOf(schema, root)) for (const key of propertiesOf(part, root, depth + 1)) found.add(key);
  return found;
}

/** The schemas that a schema is made of, other than by members. */
export function branchesOf(schema: JsonSchema, root: JsonSchema): JsonSchema[] {
  const branches = (["allOf", "anyOf", "oneOf"] as const).flatMap(
    (word) => (schema[word] as JsonSchema[] | undefined) ?? [],
  );
  const reference = schema["$ref"];
  if (typeof reference === "string" && reference.startsWith("#")) {
    const target = reference
      .slice(1)
      .split("/")
      .filter(Boolean)
      .reduce<unknown>((at, key) => (at as JsonSchema | undefined)?.[key], root);
    if (target !== undefined && target !== schema) branches.push(target as JsonSchema);
  }
  return branches;
}

/** True for a schema that only objects fit. */
export function isObjectSchema(schema: JsonSchema, root: JsonSchema = schema, depth = 0): boolean {
  if (schema["type"] === "object") return true;
  const branches = branchesOf(schema, root);
  return branches.length > 0 && depth < 8 && branches.every((branch) => isObjectSchema(branch, root, depth + 1));
}
