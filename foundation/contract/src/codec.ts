/**
 * The codec of an operation: what its serving side does once to every input, output and failure. Validated, stripped,
 * copied; nobody does any of it again.
 *
 * Everything answers at once where the schema does, and with a promise only where the schema is asynchronous.
 */
import { CantleError, type Operation, operationId, type Payload } from "@cantle/core";
import { type Copy, copierOf, gap, jsonCopy } from "./copy.ts";
import { failuresOf } from "./failure.ts";
import { payloadReader } from "./payload.ts";
import { urlCheck } from "./request.ts";
import { type Issue, jsonSchemaOf, type Schema, type Validated } from "./schema.ts";
import type { Declared } from "./types.ts";

/** What the serving side does to data. */
export interface Codec {
  /** The validated input of a payload. Throws `BODY_MALFORMED` or `INPUT_INVALID` with paths. */
  input(payload: Payload): unknown | Promise<unknown>;
  /** The validated, stripped output. Throws `OUTPUT_INVALID`. */
  output(value: unknown): unknown | Promise<unknown>;
  /** The same for one item of a stream. */
  item(value: unknown): unknown | Promise<unknown>;
  /** A declared failure with its data validated and stripped; throws `OUTPUT_INVALID` when it does not fit. */
  failure(error: CantleError): CantleError | Promise<CantleError>;
}

const codecs = new WeakMap<Operation, Codec>();

/** The codec of an operation, compiled on first use. */
export function codecOf(operation: Operation): Codec {
  let codec = codecs.get(operation);
  if (codec === undefined) {
    codec = compile(operation as Declared);
    codecs.set(operation, codec);
  }
  return codec;
}

function compile(operation: Declared): Codec {
  const failures = new Map(
    Object.entries(failuresOf(operation)).map(([name, { data }]) => [name, data && outgoing(operation, data)] as const),
  );
  const nothing = () => undefined;
  return {
    input: operation.input ? incoming(operation, operation.input) : nothing,
    output: operation.output ? outgoing(operation, operation.output) : nothing,
    item: operation.stream ? outgoing(operation, operation.stream) : nothing,
    failure(error) {
      const name = error.failure ?? "";
      if (!failures.has(name)) throw outputInvalid(operation, `it failed with '${name}', which is not declared`);
      const check = failures.get(name);
      if (check === undefined) return error.data === undefined ? error : declared(error, undefined);
      return then(check(error.data), (data) => declared(error, data));
    },
  };
}

function declared(error: CantleError, data: unknown): CantleError {
  const { failure = "", status, retried } = error;
  return new CantleError("DECLARED", error.message, { failure, status, data, retried });
}

/**
 * A value that did not travel is held to what JSON makes of it, so that NaN is null and a Date a string in every placement.
 * That is looked at only where it can matter: when the value as it stands does not fit, or fits with an `undefined` in it.
 */
function incoming(operation: Operation, schema: Schema): (payload: Payload) => unknown {
  const read = payloadReader(operation, schema);
  const { validate, vendor } = schema["~standard"];
  const json = jsonSchemaOf(schema, "output", `${operationId(operation)}.input`);
  const copyFilled = copierOf(json, { vendor, gaps: "filled" });
  const copyGapless = copierOf(json, { vendor, gaps: "refused" });
  const checkUrl = urlCheck(operation as Declared);

  const take = (result: Validated<unknown>) => {
    if (result.issues) throw inputInvalid(operation, result.issues);
    return copied(copyFilled, result.value, "INPUT_INVALID");
  };
  const takeValue = (result: Validated<unknown>, given: unknown) => {
    const value = result.issues ? gap : copied(copyGapless, result.value, "INPUT_INVALID");
    return value === gap ? then(validate(copied(jsonCopy, given, "INPUT_INVALID")), take) : value;
  };
  // No URL was made of it yet, and in another placement one would be.
  const checked = (value: unknown, given: unknown) => {
    checkUrl?.(given);
    return value;
  };
  const finish = (result: Validated<unknown>, given: unknown, kind: Payload["kind"]) => {
    if (kind === "http") return take(result);
    const value = kind === "value" ? takeValue(result, given) : take(result);
    return value instanceof Promise ? value.then((value) => checked(value, given)) : checked(value, given);
  };
  return (payload) => {
    const given = read(payload);
    const result = validate(given);
    return result instanceof Promise
      ? result.then((result) => finish(result, given, payload.kind))
      : finish(result, given, payload.kind);
  };
}

function outgoing(operation: Operation, schema: Schema): (value: unknown) => unknown {
  const { validate, vendor } = schema["~standard"];
  const json = jsonSchemaOf(schema, "output", `${operationId(operation)}.output`);
  const copy = copierOf(json, { vendor, gaps: "filled" });
  const take = (result: Validated<unknown>) => {
    if (result.issues) throw outputInvalid(operation, describe(result.issues));
    return copied(copy, result.value, "OUTPUT_INVALID");
  };
  return (value) => then(validate(value), take);
}

/** What cannot be copied as JSON (a cycle, a bigint inside an `unknown`) is as invalid as what does not fit. */
function copied(copy: Copy | undefined, value: unknown, code: "INPUT_INVALID" | "OUTPUT_INVALID"): unknown {
  if (copy === undefined) return value;
  try {
    return copy(value);
  } catch (cause) {
    if (cause === gap) return gap;
    throw new CantleError(code, "the value cannot be said as JSON", { cause });
  }
}

/** `next` now, or when the promise is there. */
function then<T, R>(value: T | Promise<T>, next: (value: T) => R): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** The most paths an error lists; an input can be wrong in a million places. */
const issuesMax = 32;

function inputInvalid(operation: Operation, issues: readonly Issue[]): CantleError {
  const errors: Record<string, string[]> = Object.create(null);
  for (const issue of issues.slice(0, issuesMax)) {
    const path = pathOf(issue);
    errors[path] = [...(errors[path] ?? []), issue.message];
  }
  return new CantleError("INPUT_INVALID", `the input does not fit ${operationId(operation)}`, {
    errors: { ...errors },
  });
}

function outputInvalid(operation: Operation, notes: string): CantleError {
  return new CantleError("OUTPUT_INVALID", "the service answered with something its contract does not allow", {
    place: operationId(operation),
    notes,
  });
}

function describe(issues: readonly Issue[]): string {
  return issues
    .slice(0, issuesMax)
    .map((issue) => `${pathOf(issue)}: ${issue.message}`)
    .join("; ");
}

function pathOf(issue: Issue): string {
  const path = (issue.path ?? []).map((step) => String(typeof step === "object" ? step.key : step)).join(".");
  return path === "" ? "input" : path;
}
