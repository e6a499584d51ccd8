/**
 * How a path and a query say JSON data, both ways. All they have is text, so the JSON Schema of the member says what a piece
 * of text was meant to be.
 *
 *     string                    the text itself
 *     number, boolean, null     as in JSON: 5, true, null
 *     object                    JSON: {"min":1}
 *     array                     the name repeated, one item each; JSON where that would not read back: []
 *
 * Where a member may be a string or something else, text that reads as the something else is that; the string is then said
 * in quotes: `"5"`. Invariant: `readTexts(writeTexts(value)) = value` for every value that fits its schema. Text that
 * cannot be what the schema wants stays text, so that validation names it.
 */

import { parseJson } from "./json.ts";
import { branchesOf } from "./json-schema.ts";
import type { JsonSchema } from "./schema.ts";

/** What a piece of text may be meant as. */
export interface Kinds {
  readonly types: ReadonlySet<string>;
  /** What the items of an array may be; present where an array may be meant. */
  readonly items?: Kinds | undefined;
}

/** What a member may be that the schema does not know: text. */
const stray: Kinds = { types: new Set(["string"]) };

const everyType = ["string", "number", "boolean", "null", "object", "array"];
const depthMax = 8;

/** How many names are remembered for a schema; the names of a record come from data and have no end. */
const namesMax = 256;

/**
 * What each member of an object schema may be, worked out once a name. A name that the schema does not know is text, unless
 * the schema says otherwise of all the rest.
 */
export function kindsReader(schema: JsonSchema): (name: string) => Kinds {
  const known = new Map<string, Kinds>();
  return (name) => {
    let kinds = known.get(name);
    if (kinds === undefined) {
      kinds = kindsOfMember(schema, name);
      if (known.size < namesMax) known.set(name, kinds);
    }
    return kinds;
  };
}

function kindsOfMember(schema: JsonSchema, name: string): Kinds {
  const found = new Set<JsonSchema>();
  findMembers(schema, { root: schema, name, found }, 0);
  return found.size === 0 ? stray : kindsOf([...found], schema, 0);
}

/** The value that texts of one name mean: one text each time the name was there. */
export function readTexts(texts: readonly string[], kinds: Kinds): unknown {
  const [only = ""] = texts;
  if (kinds.items === undefined) return texts.length === 1 ? readText(only, kinds) : texts;
  const { items } = kinds;
  if (texts.length === 1) {
    const value = readText(only, kinds);
    // Text that is none of the kinds is one item: `?tag=a` for an array, or for an array or null.
    if (typeof value !== "string" || kinds.types.has("string")) return value;
  }
  return texts.map((text) => readText(text, items));
}

/** The texts that mean a value; none for `undefined`. */
export function writeTexts(value: unknown, kinds: Kinds): string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && kinds.items !== undefined && value.length > 0) {
    const { items } = kinds;
    const texts = value.map((item) => writeText(item, items));
    if (same(readTexts(texts, kinds), value)) return texts;
  }
  return [writeText(value, kinds)];
}

/** True when these texts mean this value, or when nobody asks what they mean; a value that does not fit may not be sayable at all. */
export function readsBack(texts: readonly string[], value: unknown, kinds: Kinds): boolean {
  return kinds === stray || same(readTexts(texts, kinds), value);
}

/** Plain where that reads back; else as JSON, which also keeps what does not fit from turning into something that does. */
function writeText(value: unknown, kinds: Kinds): string {
  if (typeof value === "string" && value.isWellFormed() && readText(value, kinds) === value) return value;
  return JSON.stringify(value) ?? "";
}

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

function readText(text: string, { types }: Kinds): unknown {
  if (types.has("number") && jsonNumber.test(text)) return Number(text);
  if (types.has("boolean") && (text === "true" || text === "false")) return text === "true";
  if (types.has("null") && text === "null") return null;
  if (types.has("object") && text.startsWith("{")) return parsed(text);
  if (types.has("array") && text.startsWith("[")) return parsed(text);
  if (types.has("string") && types.size > 1 && text.startsWith('"')) return parsed(text);
  return text;
}

function parsed(text: string): unknown {
  try {
    return parseJson(new TextEncoder().encode(text));
  } catch {
    return text;
  }
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

interface Search {
  readonly root: JsonSchema;
  readonly name: string;
  readonly found: Set<JsonSchema>;
}

/** The schemas of a member in every branch: `oneOf` may know it twice. */
function findMembers(schema: JsonSchema, search: Search, depth: number): void {
  const { properties, additionalProperties } = schema as Record<string, Record<string, JsonSchema> | undefined>;
  if (properties && Object.hasOwn(properties, search.name)) search.found.add(properties[search.name] as JsonSchema);
  else if (typeof additionalProperties === "object") search.found.add(additionalProperties);
  if (depth < depthMax) for (const branch of branchesOf(schema, search.root)) findMembers(branch, search, depth + 1);
}

function kindsOf(schemas: readonly JsonSchema[], root: JsonSchema, depth: number): Kinds {
  const types = new Set<string>();
  const items: JsonSchema[] = [];
  for (const schema of schemas) collect(schema, { root, types, items }, 0);
  if (!types.has("array")) return { types };
  return {
    types,
    items: items.length > 0 && depth < depthMax ? kindsOf(items, root, depth + 1) : { types: new Set(everyType) },
  };
}

interface Collected {
  readonly root: JsonSchema;
  readonly types: Set<string>;
  readonly items: JsonSchema[];
}

function collect(schema: JsonSchema, into: Collected, depth: number): void {
  const branches = branchesOf(schema, into.root);
  const values = [...((schema.enum as unknown[] | undefined) ?? []), ...("const" in schema ? [schema.const] : [])];
  for (const type of [schema.type ?? []].flat()) into.types.add(type === "integer" ? "number" : String(type));
  if (schema.type === undefined) for (const value of values) into.types.add(typeOf(value));
  // A schema that says nothing of its type takes any.
  if (schema.type === undefined && values.length === 0 && branches.length === 0)
    for (const type of everyType) into.types.add(type);
  for (const item of [...[schema.items ?? []].flat(), ...((schema.prefixItems as JsonSchema[] | undefined) ?? [])]) {
    if (typeof item === "object") into.items.push(item as JsonSchema);
  }
  if (depth < depthMax) for (const branch of branches) collect(branch, into, depth + 1);
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
