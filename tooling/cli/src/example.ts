/** An example of an operation: the one to begin with, an input that fits its schema, and the `curl` that sends it. */
import { inputInQuery, type JsonSchema, jsonSchemaOf, requestOf, type Schema } from "@cantle/contract";
import type { Operation } from "@cantle/core";

/**
 * The operation that tells most to somebody new: open to anybody and answered with a value; best one that needs nothing to
 * exist already (no path parameters), and of these one that only reads. Undefined where there is none.
 */
export function chooseOperation(operations: readonly Operation[]): Operation | undefined {
  const open = operations.filter(({ access, shape }) => access === "public" && shape === "value");
  return open.toSorted((a, b) => effortOf(a) - effortOf(b))[0];
}

function effortOf({ path, method }: Operation): number {
  return (path.includes("{") ? 2 : 0) + (method === "GET" ? 0 : 1);
}

/** A command line that calls an operation below `url`. */
export function curlOf(operation: Operation, url: string): string {
  const schema = (operation as { input?: Schema }).input;
  const input = schema === undefined ? {} : exampleOf(jsonSchemaOf(schema, "input", operation.name));
  const { path, query, body } = requestOf(operation, input);
  const target = `${url}${path}${query === "" ? "" : `?${query}`}`;
  const words = ["curl"];
  const plainMethod = inputInQuery(operation) ? "GET" : "POST";
  if (operation.method !== plainMethod || (body === undefined && operation.method !== "GET"))
    words.push("-X", operation.method);
  words.push(quoted(target));
  if (body !== undefined)
    words.push("-H", quoted("content-type: application/json"), "-d", quoted(JSON.stringify(body)));
  return words.join(" ");
}

/** One word of a shell's command line. */
function quoted(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

const depthMax = 8;

/** A value that fits a JSON Schema, with no more members than it must have; null where only the author could know one. */
export function exampleOf(schema: JsonSchema, root: JsonSchema = schema, depth = 0): unknown {
  if (depth > depthMax) return null;
  const {
    $ref: reference,
    const: only,
    enum: values,
    examples,
    default: usual,
    anyOf,
    oneOf,
    allOf,
  } = schema as Keywords;
  if (reference !== undefined) return exampleOf(resolved(reference, root), root, depth + 1);
  if (only !== undefined) return only;
  if (usual !== undefined) return usual;
  if (examples?.[0] !== undefined) return examples[0];
  if (values?.[0] !== undefined) return values[0];
  const branch = anyOf?.[0] ?? oneOf?.[0];
  if (branch !== undefined) return exampleOf(branch, root, depth + 1);
  if (allOf !== undefined) return Object.assign({}, ...allOf.map((part) => exampleOf(part, root, depth + 1)));
  return exampleOfType(schema as Keywords, root, depth);
}

interface Keywords {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

function exampleOfType(schema: Keywords, root: JsonSchema, depth: number): unknown {
  const type = Array.isArray(schema.type) ? (schema.type as readonly string[])[0] : schema.type;
  switch (type) {
    case "string":
      return exampleText(schema);
    case "integer":
    case "number":
      return schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 1;
    case "boolean":
      return true;
    case "array":
      return Array.from({ length: schema.minItems ?? 0 }, () => exampleOf(schema.items ?? {}, root, depth + 1));
    case "object":
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [name, exampleOf(schema.properties?.[name] ?? {}, root, depth + 1)]),
      );
    default:
      return null;
  }
}

const formats: Readonly<Record<string, string>> = {
  email: "ann@example.com",
  uuid: "00000000-0000-4000-8000-000000000000",
  uri: "https://example.com",
  "date-time": "2026-01-01T00:00:00Z",
  date: "2026-01-01",
};

function exampleText({ format, minLength = 0 }: Keywords): string {
  const text = (format !== undefined && formats[format]) || "hello";
  return text.repeat(Math.max(1, Math.ceil(minLength / text.length)));
}

/** `#/$defs/Name`: the only references that contracts have. */
function resolved(reference: string, root: JsonSchema): JsonSchema {
  const steps = reference.replace(/^#\/?/, "").split("/").filter(Boolean);
  return steps.reduce<JsonSchema>((at, step) => (at[step] ?? {}) as JsonSchema, root);
}
