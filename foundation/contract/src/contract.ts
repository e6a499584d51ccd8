/** `contract()`: from drafts to a frozen value that everything else is derived from. */
import { type Access, CantleError, isCode, type Method, type Operation, type Shape } from "@cantle/core";
import type { BytesSpec, Draft, OperationSpec } from "./draft.ts";
import type { Known } from "./mistake.ts";
import { isSchema, type JsonSchema, jsonSchemaOf } from "./schema.ts";
import type { Contract, ContractSpec } from "./types.ts";

/** Operations, contracts and services are called this: a letter, then letters, digits and inner dashes; at most 64. */
const nameShape = /^[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*$/;
const nameMax = 64;
const versionShape = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$/;
const pathShape = /^(\/([A-Za-z0-9._~-]+|\{[a-zA-Z][a-zA-Z0-9]*\}))+$|^\/$/;

const mediaTypeShape = /^(\*\/\*|[A-Za-z0-9!#$&^_.+-]+\/(\*|[A-Za-z0-9!#$&^_.+-]+))$/;

const bodyBytesDefault = 1024 * 1024;
const timeoutMsDefault = 10_000;

/**
 * A contract: what a service promises, and the only thing others import of it.
 *
 * Throws `CONTRACT_INVALID` with the place for a bad name, version or path, for two operations at the same method and
 * path, and for schemas that JSON cannot say.
 */
export function contract<const N extends string, const C extends ContractSpec>(
  name: N,
  spec: C & Known<C, ContractSpec>,
): Contract<N, C> {
  checkName(name, `contract(${JSON.stringify(name)})`);
  const { version, operations: drafts, ...more } = spec as ContractSpec;
  for (const option of Object.keys(more))
    throw invalid(
      `'${option}' is not an option of a contract`,
      `contract("${name}")`,
      "the options are version, operations",
    );
  if (!versionShape.test(version)) {
    throw invalid(`'${version}' is not a version`, `contract("${name}").version`, "write semver: 1.0.0");
  }
  const operations: Record<string, Operation> = {};
  const taken = new Map<string, string>();
  for (const [key, draft] of Object.entries(drafts)) {
    const place = `contract("${name}").operations.${key}`;
    checkName(key, place);
    if (!methods.has(draft?.method) || typeof draft.path !== "string")
      throw invalid("this is not an operation", place, 'write get("/path", { ... }), or post, put, patch, del');
    const route = `${draft.method} ${draft.path.replace(/\{[^}]*\}/g, "{}")}`;
    const other = taken.get(route);
    if (other !== undefined)
      throw invalid(
        `'${key}' and '${other}' are both ${draft.method} ${draft.path}`,
        place,
        "give one of them another path",
      );
    taken.set(route, key);
    operations[key] = declare(name, version, key, draft, place);
  }
  return Object.freeze({
    kind: "contract",
    name,
    version,
    operations: Object.freeze(operations),
  }) as unknown as Contract<N, C>;
}

function declare(service: string, version: string, name: string, draft: Draft, place: string): Operation {
  for (const option of Object.keys(draft)) {
    if (!known.has(option))
      throw invalid(`'${option}' is not an option of an operation`, place, `the options are ${[...known].join(", ")}`);
  }
  checkSchemas(draft, place);
  checkPath(draft, place);
  checkAccess(draft.access, place);
  const bodyBytesMax = limit(draft.bodyBytesMax ?? bodyBytesDefault, `${place}.bodyBytesMax`);
  return Object.freeze({
    ...draft,
    ...(draft.errors && { errors: declareErrors(draft.errors, place) }),
    ...(draft.access && { access: frozen(draft.access) }),
    ...(draft.slo && {
      slo: Object.freeze({ ...draft.slo, ...(draft.slo.latency && { latency: frozen(draft.slo.latency) }) }),
    }),
    kind: "operation",
    service,
    name,
    version,
    shape: shapeOf(draft),
    status: statusOf(draft, place),
    idempotent: draft.idempotent ?? idempotentMethods.has(draft.method),
    timeoutMs: limit(draft.timeoutMs ?? timeoutMsDefault, `${place}.timeoutMs`),
    bodyBytesMax,
    uploadBytesMax: draft.upload?.maxBytes ?? 0,
    deprecated: draft.deprecated ?? false,
  } satisfies Operation & Draft) as Operation;
}

/** The failures of an operation, each a frozen copy: what is written in a contract stays what it was. */
function declareErrors(errors: Draft["errors"], place: string): NonNullable<Draft["errors"]> {
  const declared = Object.entries(errors ?? {}).map(([failure, error]) => {
    checkName(failure, `${place}.errors`);
    if (isCode(failure))
      throw invalid(`'${failure}' is a code of Cantle's own`, `${place}.errors`, "give the failure a name of its own");
    if (!(Number.isInteger(error.status) && error.status >= 400 && error.status <= 599))
      throw invalid(`${error.status} is not the status of an error`, `${place}.errors.${failure}`, "use 400 to 599");
    return [failure, Object.freeze({ ...error })] as const;
  });
  return Object.freeze(Object.fromEntries(declared));
}

function statusOf({ status, output, stream, download }: Draft, place: string): number {
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

const methods = new Set<Method>(["GET", "POST", "PUT", "PATCH", "DELETE"]);
const idempotentMethods = new Set<Method>(["GET", "PUT", "DELETE"]);
const known: ReadonlySet<string> = new Set<keyof OperationSpec | "method" | "path">([
  "method",
  "path",
  "input",
  "output",
  "status",
  "access",
  "errors",
  "idempotent",
  "timeoutMs",
  "bodyBytesMax",
  "summary",
  "description",
  "deprecated",
  "slo",
  "stream",
  "upload",
  "download",
]);

function shapeOf(draft: Draft): Shape {
  if (draft.stream) return "stream";
  if (draft.upload) return "upload";
  return draft.download ? "download" : "value";
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

/** The names in a path template, in order. */
export function parametersOf(path: string): string[] {
  return [...path.matchAll(/\{([^}]*)\}/g)].map((match) => match[1] as string);
}

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

function isObjectSchema(schema: JsonSchema, root: JsonSchema = schema, depth = 0): boolean {
  if (schema["type"] === "object") return true;
  const branches = branchesOf(schema, root);
  return branches.length > 0 && depth < 8 && branches.every((branch) => isObjectSchema(branch, root, depth + 1));
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

/** A frozen copy of plain data one level deep, its lists too. */
function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  return Object.freeze(
    Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        Array.isArray(member) ? Object.freeze([...member]) : member,
      ]),
    ),
  ) as T;
}

function limit(value: number, place: string): number {
  if (!(Number.isSafeInteger(value) && value > 0))
    throw invalid(`${value} is not a positive whole number`, place, "write one");
  return value;
}

function checkName(name: string, place: string): void {
  if (!nameShape.test(name) || name.length > nameMax || name in Object.prototype) {
    throw invalid(
      `'${name}' is not a name`,
      place,
      `begin with a letter, go on with letters, digits and inner dashes, ${nameMax} at most; names that every object has, such as 'constructor', are taken`,
    );
  }
}

function invalid(message: string, place: string, help: string): CantleError {
  return new CantleError("CONTRACT_INVALID", message, { place, help });
}
