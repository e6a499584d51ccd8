/**
 * The responses of an operation as OpenAPI says them: its success, the failures it declares, grouped by status, and what any
 * call like it may meet. Every failure is a problem (RFC 9457) told apart by its `code`.
 */
import { type Code, codes, type Operation } from "@cantle/core";
import type { BytesSpec } from "./draft.ts";
import { failuresOf } from "./failure.ts";
import type { SchemaComponents } from "./openapi-schemas.ts";
import { problemType, statusTitle } from "./problem.ts";
import { type JsonSchema, jsonSchemaOf, type Schema } from "./schema.ts";
import type { Declared } from "./types.ts";

/** The responses of a document; those that many operations share are components. */
export class ResponseComponents {
  readonly #schemas: SchemaComponents;
  readonly #shared: Record<string, JsonSchema> = {};

  constructor(schemas: SchemaComponents) {
    this.#schemas = schemas;
    schemas.reserve("Problem", problemSchema);
  }

  /** The components, by name. */
  all(): Readonly<Record<string, JsonSchema>> {
    return this.#shared;
  }

  /** The responses of one operation, by status; `place` is its name in the document. */
  of(operation: Declared, place: string): JsonSchema {
    const responses: Record<string, JsonSchema> = { [operation.status]: this.#success(operation, place) };
    const declared = Map.groupBy(Object.entries(failuresOf(operation)), ([, { status }]) => status);
    const standard = standardCodes(operation);
    for (const status of new Set([...declared.keys(), ...standard.keys()])) {
      const codesHere = standard.get(status);
      const failures = (declared.get(status) ?? []).map(([name, { data, description }]) =>
        failureSchema([name], { description, data: data && this.#output(data, `${place}.${name}`) }),
      );
      if (failures.length === 0 && codesHere) responses[status] = this.#share(status, codesHere);
      else
        responses[status] = problemResponse(statusTitle(status), [
          ...failures,
          ...(codesHere ? [failureSchema(codesHere)] : []),
        ]);
    }
    this.#shared.Failure ??= problemResponse("Any other failure.", [problemReference]);
    responses.default = { $ref: "#/components/responses/Failure" };
    return responses;
  }

  #success({ status, output, stream, download }: Declared, place: string): JsonSchema {
    const description = statusTitle(status);
    if (download)
      return { description: `${description}; at most ${download.maxBytes} bytes.`, content: bytesContent(download) };
    if (stream) {
      const schema = this.#output(stream, `${place}.item`);
      return {
        description: `${description}; Server-Sent Events, each with one item as JSON.`,
        content: { "text/event-stream": { schema } },
      };
    }
    return output
      ? { description, content: { "application/json": { schema: this.#output(output, `${place}.output`) } } }
      : { description };
  }

  #output(schema: Schema, hint: string): JsonSchema {
    const root = jsonSchemaOf(schema, "output", hint);
    return this.#schemas.place(root, { root, side: "Output", hint });
  }

  #share(status: number, codesHere: readonly Code[]): JsonSchema {
    const name = statusTitle(status).replaceAll(" ", "");
    this.#shared[name] ??= problemResponse(codesHere.map((code) => codes[code].meaning).join(" "), [
      failureSchema(codesHere),
    ]);
    return { $ref: `#/components/responses/${name}` };
  }
}

/** Media types without a schema: bytes are bytes. */
export function bytesContent({ types }: BytesSpec): JsonSchema {
  return Object.fromEntries(types.map((type) => [type, {}]));
}

/** What a call may meet besides what its operation declares, by status. */
function standardCodes({
  access,
  input,
}: Operation & { readonly input?: Schema | undefined }): Map<number, readonly Code[]> {
  const found = new Map<number, readonly Code[]>([[400, ["REQUEST_MALFORMED", "BODY_MALFORMED"]]]);
  if (access !== undefined && access !== "public") found.set(401, ["UNAUTHENTICATED"]);
  if (typeof access === "object") found.set(403, ["FORBIDDEN"]);
  if (input) found.set(422, ["INPUT_INVALID"]);
  return found;
}

interface FailureDetails {
  readonly description?: string | undefined;
  readonly data?: JsonSchema | undefined;
}

function failureSchema(names: readonly string[], { description, data }: FailureDetails = {}): JsonSchema {
  const code = { type: "string", ...(names.length === 1 ? { const: names[0] } : { enum: names }) };
  const own = {
    type: "object",
    required: data ? ["code", "data"] : ["code"],
    properties: { code, ...(data && { data }) },
  };
  return { ...(description !== undefined && { description }), allOf: [problemReference, own] };
}

function problemResponse(description: string, schemas: readonly JsonSchema[]): JsonSchema {
  const [only] = schemas;
  return {
    description,
    content: { [problemType]: { schema: schemas.length === 1 && only ? only : { oneOf: schemas } } },
  };
}

const problemReference: JsonSchema = { $ref: "#/components/schemas/Problem" };

const problemSchema: JsonSchema = {
  type: "object",
  description: "What went wrong (RFC 9457). `code` is stable; match on it.",
  required: ["type", "title", "status", "code", "detail"],
  properties: {
    type: { type: "string", format: "uri-reference" },
    title: { type: "string" },
    status: { type: "integer", minimum: 400, maximum: 599 },
    code: { type: "string" },
    detail: { type: "string" },
    errors: {
      type: "object",
      description: "Path to messages, of an input that does not fit.",
      additionalProperties: { type: "array", items: { type: "string" } },
    },
    failure: { type: "string", description: "The name of a declared failure; the same as `code`." },
    retried: { type: "boolean", description: "True when the call was already retried on its way." },
  },
};
