/**
 * Standard Schema with Standard JSON Schema (https://standardschema.dev), as far as contracts need it; written out, so that
 * the foundation depends on no validator and no package. zod 4.2+, valibot and arktype satisfy it.
 */
import { CantleError } from "@cantle/core";

/** A JSON Schema document, draft 2020-12. */
export type JsonSchema = { readonly [key: string]: unknown };

/** What a validation answers with. */
export type Validated<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

/** One thing that does not fit. */
export interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Any schema that can validate and can say itself as JSON Schema. */
export interface Schema<Input = any, Output = any> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Validated<Output> | Promise<Validated<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    readonly jsonSchema: {
      readonly input: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
      readonly output: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
    };
  };
}

/** What may be written: the type before defaults and transforms. `void` where there is no schema. */
export type In<S> = S extends Schema ? NonNullable<S["~standard"]["types"]>["input"] : void;

/** What is read: the type after validation. `void` where there is no schema. */
export type Out<S> = S extends Schema ? NonNullable<S["~standard"]["types"]>["output"] : void;

/** True for a value that has the shape of a Standard Schema, whether or not it can say itself as JSON Schema. */
export function isSchema(value: unknown): value is Schema {
  const standard = (value as Partial<Schema> | null | undefined)?.["~standard"];
  return typeof standard === "object" && standard !== null && typeof standard.validate === "function";
}

const derived = { input: new WeakMap<Schema, JsonSchema>(), output: new WeakMap<Schema, JsonSchema>() };

/** The JSON Schema of one side of a schema. Throws `CONTRACT_INVALID` for what JSON cannot say (Date, bigint, bare transforms). */
export function jsonSchemaOf(schema: Schema, side: "input" | "output", place: string): JsonSchema {
  const known = derived[side].get(schema);
  if (known !== undefined) return known;
  const convert = schema["~standard"].jsonSchema;
  if (typeof convert?.[side] !== "function") {
    throw new CantleError(
      "CONTRACT_INVALID",
      `the schema library '${schema["~standard"].vendor}' cannot say this schema as JSON Schema`,
      {
        place,
        help: "use a library with Standard JSON Schema: zod 4.2 or newer, arktype 2.1.28 or newer, or valibot with @valibot/to-json-schema",
      },
    );
  }
  try {
    const { $schema: _, ...json } = convert[side]({ target: "draft-2020-12" });
    derived[side].set(schema, json);
    return json;
  } catch (cause) {
    throw new CantleError(
      "CONTRACT_INVALID",
      "contract data is JSON data, and this schema says something JSON cannot",
      {
        place,
        cause,
        help: "use strings for dates (z.iso.datetime()) and big integers, and give a transform an output schema with .pipe()",
      },
    );
  }
}
