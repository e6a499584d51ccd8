/** What can be said in an operation. Everything else is `CONTRACT_INVALID`, with its place and what to write instead. */
import { type Access, CantleError } from "@cantle/core";
import type { BytesSpec, Draft } from "./draft.ts";
import { isObjectSchema, propertiesOf } from "./json-schema.ts";
import { parametersOf } from "./path.ts";
import { isSchema, jsonSchemaOf } from "./schema.ts";

/** Operations, contracts and services are called this: a letter, then letters, digits and inner dashes; at most 64. */
const nameShape = /^[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*$/;
const nameMax = 64;
const pathShape = /^(\/([A-Za-z0-9._~-]+|\{[a-zA-Z][a-zA-Z0-9]*\}))+$|^\/$/;

const mediaTypeShape = /^(\*\/\*|[A-Za-z0-9!#$&^_.+-]+\/(\*|[A-Za-z0-9!#$&^_.+-]+))$/;

/** Throws for a path, schemas or an access that cannot be. */
export function checkDraft(draft: Draft, place: string): void {
  checkSchemas(draft, place);
  checkPath(draft, place);
  checkAccess(draft.access, place);
}

function checkPath(draft: Draft, place: string): void {
  // A segment of only dots is another path to every URL parser.
  if (!pathShape.test(draft.path) || /\/\.\.?(\/|$)/.test(draft.path)) {
    throw invalid(
      `'${draft.path}' is not a path template`,
      place,
      "write plain segments and {names}, each alone between slashes: /accounts/{id}",
    );
  }
  const parameters = parametersOf(draft.path);
  if (new Set(parameters).size < parameters.length)
    throw invalid(`'${draft.path}' names a parameter twice`, place, "give each its own name");
  const properties = draft.input
    ? propertiesOf(jsonSchemaOf(draft.input, "input", `${place}.input`))
    : new Set<string>();
  for (const parameter of parameters) {
    if (!properties.has(parameter))
      throw invalid(
        `the path parameter '${parameter}' is missing in input`,
        place,
        `add '${parameter}' to the input schema`,
      );
  }
}

function checkSchemas(draft: Draft, place: string): void {
  const { input, output, stream, upload, download } = draft;
  for (const [option, schema] of Object.entries({ input, output, stream })) checkSchema(schema, `${place}.${option}`);
  if (Number(output !== undefined) + Number(stream !== undefined) + Number(download !== undefined) > 1) {
    throw invalid(
      "an operation has an output, or a stream, or a download; not two of them",
      place,
      "make two operations",
    );
  }
  if (upload && (stream || download)) throw invalid("an upload answers with an output", place, "make two operations");
  if (upload && (draft.method === "GET" || draft.method === "DELETE"))
    throw invalid(`${draft.method} has no body, so nothing can be uploaded`, place, "use put or post");
  checkBytes(upload, `${place}.upload`);
  checkBytes(download, `${place}.download`);
  if (input && !isObjectSchema(jsonSchemaOf(input, "input", `${place}.input`))) {
    throw invalid("the input is one object", `${place}.input`, "wrap it: z.object({ items: ... })");
  }
  if (input) jsonSchemaOf(input, "output", `${place}.input`);
  if (output) jsonSchemaOf(output, "output", `${place}.output`);
  if (stream) jsonSchemaOf(stream, "output", `${place}.stream`);
  for (const [failure, error] of Object.entries(draft.errors ?? {})) {
    checkSchema(error.data, `${place}.errors.${failure}.data`);
    if (error.data) jsonSchemaOf(error.data, "output", `${place}.errors.${failure}.data`);
  }
}

function checkSchema(schema: unknown, place: string): void {
  if (schema !== undefined && !isSchema(schema))
    throw invalid("this is not a schema", place, "pass a Standard Schema, for example z.object({ ... })");
}

function checkBytes(spec: BytesSpec | undefined, place: string): void {
  if (spec !== undefined && spec.kind !== "bytes")
    throw invalid("this is not a description of bytes", place, "write bytes({ maxBytes: 5_000_000 })");
  if (spec !== undefined) limit(spec.maxBytes, `${place}.maxBytes`);
  for (const type of spec?.types ?? [])
    if (!mediaTypeShape.test(type))
      throw invalid(`'${type}' is not a media type`, `${place}.types`, "write image/png, image/* or */*");
}

function checkAccess(access: Access | undefined, place: string): void {
  if (access === undefined || access === "public" || access === "user") return;
  const roles: unknown = (access as { readonly roles?: unknown } | null)?.roles;
  if (Array.isArray(roles) && roles.length > 0 && roles.every((role) => typeof role === "string" && role !== ""))
    return;
  throw invalid(
    "this is not an access",
    `${place}.access`,
    `write "public", "user" or { roles: ["admin"] }; leave it out for an internal operation`,
  );
}

/** The status of success. */
export function statusOf({ status, output, stream, download }: Draft, place: string): number {
  const answers = output !== undefined || stream !== undefined || download !== undefined;
  if (status === undefined) return answers ? 200 : 204;
  if (!(Number.isInteger(status) && status >= 200 && status <= 299))
    throw invalid(
      `${status} is not the status of a success`,
      `${place}.status`,
      "use 200 to 299, and errors for failures",
    );
  if (answers && (status === 204 || status === 205))
    throw invalid(`${status} says that there is no content`, `${place}.status`, "leave it out, or use 200, 201 or 202");
  return status;
}

/** A positive whole number. */
export function limit(value: number, place: string): number {
  if (!(Number.isSafeInteger(value) && value > 0))
    throw invalid(`${value} is not a positive whole number`, place, "write one");
  return value;
}

/** Throws for what is no name. */
export function checkName(name: string, place: string): void {
  if (!nameShape.test(name) || name.length > nameMax || name in Object.prototype) {
    throw invalid(
      `'${name}' is not a name`,
      place,
      `begin with a letter, go on with letters, digits and inner dashes, ${nameMax} at most; names that every object has, such as 'constructor', are taken`,
    );
  }
}

/** A contract that cannot be. */
export function invalid(message: string, place: string, help: string): CantleError {
  return new CantleError("CONTRACT_INVALID", message, { place, help });
}
