/**
 * Resolving: merge the sources, validate once, remember where every value came from.
 *
 * 1. A secret never appears in an error: values are not quoted, and a message that a schema wrote is replaced at a secret
 *    path, or wherever it repeats the text of a secret.
 * 2. All mistakes of all services are told at once.
 * 3. Names that objects have by themselves (`__proto__`) are refused; `Object.prototype` is never touched.
 *
 * It reads no file and no environment: texts and objects come in.
 */

import { type JsonSchema, jsonSchemaOf, type Out, type Schema } from "@cantle/contract";
import { CantleError } from "@cantle/core";
import { checkNames, checkVariables } from "./check.ts";
import { originOf, tellIssue } from "./issue.ts";
import { layersOf, type Reading } from "./layer.ts";
import { type Problems, throwAny } from "./problems.ts";
import { membersOf, typesOf } from "./shape.ts";
import type { ConfigSources, Origin } from "./sources.ts";
import { isRecord, type Leaf, put, type Tree } from "./tree.ts";
import { fieldsOf } from "./variable.ts";

/** The configuration of a service. */
export interface ResolvedConfig<Value = unknown> {
  /** The service. */
  readonly name: string;
  /** What the schema made of it; frozen. */
  readonly value: Value;
  /** Dotted path of every leaf → where it came from. */
  readonly origins: ReadonlyMap<string, Origin>;
}

/** What `resolveConfig` is asked. */
export interface ConfigRequest<S extends Schema> {
  /** The service: its section in files, the first word of its variables. */
  readonly name: string;
  readonly schema: S;
  readonly sources: ConfigSources;
}

/** What `resolveConfigs` is asked. */
export interface ConfigsRequest<Services extends Readonly<Record<string, Schema | undefined>>> {
  /** Service → the schema of its configuration; undefined for one that takes none. */
  readonly services: Services;
  readonly sources: ConfigSources;
  /** Other sections that files may have and `--set` may name: services that run elsewhere, the gateway. */
  readonly others?: readonly string[];
}

/** The configurations of several services, by name. */
export type ResolvedConfigs<Services> = {
  readonly [Name in keyof Services]: ResolvedConfig<Out<Services[Name]>>;
};

/**
 * The configuration of one service. Other services' sections in the sources are left alone.
 * Throws `CONFIG_INVALID` with every mistake in `errors`: path → messages.
 */
export function resolveConfig<S extends Schema>({ name, schema, sources }: ConfigRequest<S>): ResolvedConfig<Out<S>> {
  const problems: Problems = new Map();
  const resolved = resolveOne(readingOf(name, schema, problems), schema, sources);
  throwAny(problems);
  return resolved as ResolvedConfig<Out<S>>;
}

/** The configurations of several services. Throws one `CONFIG_INVALID` with the mistakes of all of them. */
export function resolveConfigs<const Services extends Readonly<Record<string, Schema | undefined>>>(
  request: ConfigsRequest<Services>,
): ResolvedConfigs<Services> {
  const { services, sources, others = [] } = request;
  const problems: Problems = new Map();
  const readings = Object.entries(services).map(([name, schema]) => readingOf(name, schema, problems));
  checkNames(sources, [...new Set([...Object.keys(services), ...others])], problems);
  checkVariables(readings);
  const resolved = readings.map((reading) => resolveOne(reading, services[reading.service], sources));
  throwAny(problems);
  return Object.fromEntries(resolved.map((each) => [each.name, each])) as ResolvedConfigs<Services>;
}

/** The `*_FILE` variables of an environment that name a secret of one of these services, and the files to read. */
export function secretFilesOf(
  services: Readonly<Record<string, Schema | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): readonly { readonly variable: string; readonly file: string }[] {
  const fields = Object.entries(services).flatMap(([name, schema]) => readingOf(name, schema, new Map()).fields);
  const taken = new Set(fields.map((field) => field.variable));
  return fields.flatMap((field) => {
    const variable = `${field.variable}_FILE`;
    const file = Object.hasOwn(environment, variable) ? environment[variable] : undefined;
    return file && !taken.has(variable) ? [{ variable, file }] : [];
  });
}

const noConfig: JsonSchema = { type: "object", additionalProperties: false };

function readingOf(service: string, schema: Schema | undefined, problems: Problems): Reading {
  const root = schema === undefined ? noConfig : documentOf(service, schema);
  const shape = { schema: root, root };
  if (!typesOf(shape).has("object") && membersOf(shape).length === 0) {
    throw new CantleError("SERVICE_INVALID", `the config schema of '${service}' is not an object`, {
      place: `${service}.config`,
      help: "give every value a name: z.object({ limit: z.number() })",
    });
  }
  return { service, shape, fields: fieldsOf(service, shape), problems };
}

function documentOf(service: string, schema: Schema): JsonSchema {
  try {
    return jsonSchemaOf(schema, "input", `${service}.config`);
  } catch (cause) {
    throw new CantleError("SERVICE_INVALID", `the config schema of '${service}' cannot be said as JSON Schema`, {
      place: `${service}.config`,
      help: "configuration is text and JSON: use strings for dates, and transform after reading",
      cause,
    });
  }
}

function resolveOne(reading: Reading, schema: Schema | undefined, sources: ConfigSources): ResolvedConfig {
  const { service } = reading;
  const tree: Tree = { value: {}, origins: new Map() };
  for (const { origin, ...leaf } of layersOf(reading, sources)) put(tree, leaf, origin);
  if (schema === undefined) return { name: service, value: undefined, origins: new Map() };
  const result = schema["~standard"].validate(tree.value);
  if (result instanceof Promise) {
    throw new CantleError("SERVICE_INVALID", `the config schema of '${service}' validates asynchronously`, {
      place: `${service}.config`,
      help: "check what needs waiting when the service starts; the schema only reads",
    });
  }
  if (result.issues !== undefined) {
    for (const issue of result.issues) tellIssue(reading, tree, issue);
    return { name: service, value: undefined, origins: tree.origins };
  }
  const origins = new Map(endsOf(result.value).map((leaf) => [leaf.path.join("."), originOf(reading, tree, leaf)]));
  return { name: service, value: freeze(result.value), origins };
}

function endsOf(value: unknown, path: readonly string[] = []): Leaf[] {
  if (!isRecord(value)) return [{ path, value }];
  return Object.entries(value).flatMap(([key, member]) => endsOf(member, [...path, key]));
}

function freeze<Value>(value: Value): Value {
  if (!isRecord(value) && !Array.isArray(value)) return value;
  for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}
