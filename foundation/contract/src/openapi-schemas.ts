/**
 * JSON Schemas, each a document of its own, as parts of one OpenAPI document: what a schema refers to inside itself becomes
 * a component, and its references follow.
 *
 *     #/$defs/Account   ──▶ #/components/schemas/Account
 *     #  (itself)       ──▶ #/components/schemas/accounts.tree.output
 *
 * The same definition met twice is one component. A name that means two things is told apart by its side (`AccountInput`)
 * and then by a number. Only what is referred to becomes a component.
 */
import type { JsonSchema } from "./schema.ts";

/** Where a schema comes from. */
export interface SchemaSource {
  /** The document that local references mean. */
  readonly root: JsonSchema;
  readonly side: "Input" | "Output";
  /** A name for parts that have none of their own. */
  readonly hint: string;
}

/** The schemas of a document. */
export class SchemaComponents {
  readonly #schemas: Record<string, JsonSchema> = {};
  /** What each component was made from, to know it again. */
  readonly #origins = new Map<string, string>();
  /** Origin → component, of those that were named after where they were first met. */
  readonly #nameless = new Map<string, string>();
  /** The roots that refer to themselves, which became components whole. */
  readonly #roots = new WeakMap<JsonSchema, string>();

  /** Keeps a component under exactly this name. */
  reserve(name: string, schema: JsonSchema): void {
    this.#origins.set(name, "reserved");
    this.#schemas[name] = schema;
  }

  /** The components, by name. */
  all(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries(Object.entries(this.#schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** `schema`, a part of `source.root`, with its references led to components. */
  place(schema: JsonSchema, source: SchemaSource): JsonSchema {
    const placed = this.#rewrite(schema, source);
    const itself = schema === source.root ? this.#roots.get(schema) : undefined;
    return itself === undefined ? placed : { $ref: `#/components/schemas/${itself}` };
  }

  #rewrite(schema: JsonSchema, source: SchemaSource): JsonSchema {
    return mapSchema(withoutMember(schema, "$defs"), (part) => {
      const shown = shownOn(source.side, part);
      const reference = part.$ref;
      return typeof reference === "string" && reference.startsWith("#")
        ? { ...shown, $ref: this.#follow(reference, source) }
        : shown;
    });
  }

  #follow(reference: string, source: SchemaSource): string {
    const [, definition, rest = ""] = /^#(?:\/\$defs\/([^/]+))?(.*)$/.exec(reference) ?? [];
    return `#/components/schemas/${this.#lift(definition, source)}${rest}`;
  }

  /** The component of a definition of the root, or of the root itself. */
  #lift(definition: string | undefined, source: SchemaSource): string {
    const target = definition === undefined ? source.root : definitionOf(source.root, definition);
    const own = definition === undefined || definition.startsWith("__") ? undefined : decodePointer(definition);
    const wanted = own ?? [source.hint, definition?.slice(2)].filter(Boolean).join(".");
    const origin = originOf(target, source);
    const twin = own === undefined ? this.#nameless.get(origin) : undefined;
    const { name, known } =
      twin === undefined
        ? this.#name(wanted.replace(/[^A-Za-z0-9._-]/g, "_"), source.side, origin)
        : { name: twin, known: true };
    if (own === undefined) this.#nameless.set(origin, name);
    if (definition === undefined) this.#roots.set(target, name);
    if (!known) this.#schemas[name] = this.#rewrite(target, source);
    return name;
  }

  #name(wanted: string, side: string, origin: string): { name: string; known: boolean } {
    for (let number = 0; ; number++) {
      const name = number === 0 ? wanted : `${wanted}${side}${number === 1 ? "" : number}`;
      const other = this.#origins.get(name);
      if (other !== undefined && other !== origin) continue;
      this.#origins.set(name, origin);
      return { name, known: other !== undefined };
    }
  }
}

function definitionOf(root: JsonSchema, pointer: string): JsonSchema {
  return (root.$defs as Record<string, JsonSchema> | undefined)?.[decodePointer(pointer)] ?? {};
}

function decodePointer(text: string): string {
  return decodeURIComponent(text).replaceAll("~1", "/").replaceAll("~0", "~");
}

/** All that a schema shows, as text: itself and every definition it reaches. */
function originOf(schema: JsonSchema, { root, side }: SchemaSource): string {
  const reached = new Map<JsonSchema, JsonSchema>();
  const reach = (target: JsonSchema) => {
    if (reached.has(target)) return;
    reached.set(target, target);
    const shown = mapSchema(withoutMember(target, "$defs"), (part) => {
      const [local, definition] = /^#(?:\/\$defs\/([^/]+))?/.exec(String(part.$ref ?? "")) ?? [];
      if (local !== undefined) reach(definition === undefined ? root : definitionOf(root, definition));
      return shownOn(side, part);
    });
    reached.set(target, shown);
  };
  reach(schema);
  return JSON.stringify([...reached.values()]);
}

/** Outputs are shown open: a later version may add members, and clients made from the document must not mind. */
function shownOn(side: SchemaSource["side"], schema: JsonSchema): JsonSchema {
  return side === "Output" && schema.additionalProperties === false
    ? withoutMember(schema, "additionalProperties")
    : schema;
}

function withoutMember(schema: JsonSchema, name: string): JsonSchema {
  const { [name]: _, ...rest } = schema;
  return rest;
}

const oneSchema = [
  "items",
  "additionalProperties",
  "propertyNames",
  "contains",
  "contentSchema",
  "not",
  "if",
  "then",
  "else",
  "unevaluatedItems",
  "unevaluatedProperties",
];
const schemaLists = ["allOf", "anyOf", "oneOf", "prefixItems"];
const schemaMaps = ["properties", "patternProperties", "dependentSchemas", "$defs"];

/** A schema with every schema in it, and then itself, replaced. What only looks like one (in `const`, `default`) is left alone. */
export function mapSchema(schema: JsonSchema, replace: (schema: JsonSchema) => JsonSchema): JsonSchema {
  const inner = (value: unknown) => (isObject(value) ? mapSchema(value, replace) : value);
  const members = Object.entries(schema).map(([keyword, value]): [string, unknown] => {
    if (oneSchema.includes(keyword)) return [keyword, inner(value)];
    if (schemaLists.includes(keyword) && Array.isArray(value)) return [keyword, value.map(inner)];
    if (schemaMaps.includes(keyword) && isObject(value))
      return [keyword, Object.fromEntries(Object.entries(value).map(([name, part]) => [name, inner(part)]))];
    return [keyword, value];
  });
  return replace(Object.fromEntries(members));
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
