/**
 * What a JSON Schema says of a path: which members there are, what types they have. Looks through `allOf`, `anyOf`, `oneOf`
 * and local references, to `depthMax` = 8 levels; says nothing about validity, that is the schema's own business.
 */
import { branchesOf, type JsonSchema } from "@cantle/contract";

const depthMax = 8;

/** A schema together with the document its references point into. */
export interface Shape {
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
}

/** The schema itself and all that it is made of. */
function parts({ schema, root }: Shape, depth = 0): JsonSchema[] {
  if (depth > depthMax) return [];
  return [schema, ...branchesOf(schema, root).flatMap((branch) => parts({ schema: branch, root }, depth + 1))];
}

/** The names of the members that the schema spells out. */
export function membersOf(shape: Shape): string[] {
  return [...new Set(parts(shape).flatMap((part) => Object.keys((part.properties as object | undefined) ?? {})))];
}

/** True when a member that is not spelled out is a mistake. */
export function isClosed(shape: Shape): boolean {
  const all = parts(shape);
  const open = all.some((part) => Boolean(part.additionalProperties) || part.patternProperties !== undefined);
  return !open && all.some((part) => part.properties !== undefined || part.additionalProperties === false);
}

/** What the schema says of its member `key`: spelled out, or as one of many alike. Nothing where it says nothing. */
export function memberOf(shape: Shape, key: string): Shape | undefined {
  const found = parts(shape).flatMap((part) => {
    const properties = part.properties as Record<string, JsonSchema> | undefined;
    if (properties !== undefined && Object.hasOwn(properties, key)) return [properties[key] as JsonSchema];
    const others = part.additionalProperties;
    return typeof others === "object" && others !== null ? [others as JsonSchema] : [];
  });
  if (found.length === 0) return undefined;
  return { schema: found.length === 1 ? (found[0] as JsonSchema) : { anyOf: found }, root: shape.root };
}

/** What the schema says of the items of an array. */
export function itemOf(shape: Shape): Shape {
  const items = parts(shape).flatMap((part) =>
    typeof part.items === "object" && part.items !== null ? [part.items as JsonSchema] : [],
  );
  return { schema: items.length === 1 ? (items[0] as JsonSchema) : { anyOf: items }, root: shape.root };
}

/** The JSON types a value may have; empty when anything goes. */
export function typesOf(shape: Shape): Set<string> {
  return new Set(parts(shape).flatMap((part) => (part.type as string | string[] | undefined) ?? []));
}

/** The values that `enum` and `const` allow. */
export function optionsOf(shape: Shape): unknown[] {
  return parts(shape).flatMap((part) => [
    ...((part.enum as unknown[] | undefined) ?? []),
    ...(part.const === undefined ? [] : [part.const]),
  ]);
}

/** True when the schema itself is marked as secret, as `z.string().meta({ format: "password" })` marks it. */
export function isMarkedSecret(shape: Shape): boolean {
  return parts(shape).some((part) => part.format === "password" || part.writeOnly === true);
}
