/**
 * From one input object to the parts of an HTTP request; the inverse of what the serving side reads.
 *
 *     names in the path template ──▶ path
 *     the rest ──▶ query   (GET, DELETE, uploads)
 *              ──▶ body    (POST, PUT, PATCH), as a value still to be printed as JSON
 *
 * `undefined` members are left out. What a path cannot say (nothing, `.` and `..`, which every URL parser removes) is
 * refused here, before it becomes another path; so is a value that its text would turn into another one.
 */
import { CantleError, type Operation, operationId } from "@cantle/core";
import { jsonCopy } from "./copy.ts";
import { propertiesOf } from "./json-schema.ts";
import { parametersOf } from "./path.ts";
import { jsonSchemaOf } from "./schema.ts";
import { kindsReader, readsBack, writeTexts } from "./text.ts";
import type { Declared } from "./types.ts";

/** The parts of a request. */
export interface RequestParts {
  /** The path, percent-encoded, beginning with a slash. */
  readonly path: string;
  /** The query without its question mark, percent-encoded; often empty. */
  readonly query: string;
  /** The JSON body as a value; `undefined` where there is none, which means `{}`. */
  readonly body: unknown;
}

/**
 * How the serving side finds the operation: `routed` by the path alone, or `named` because it is told, as between services of
 * ours. Then a path parameter may be any text.
 */
export type Addressing = "routed" | "named";

type WriteRequest = (input: unknown) => RequestParts;

const writers = { routed: new WeakMap<Operation, WriteRequest>(), named: new WeakMap<Operation, WriteRequest>() };

/** The request that says `input` to `operation`. Throws `INPUT_INVALID` for what cannot be said. */
export function requestOf(operation: Operation, input: unknown, addressing: Addressing = "routed"): RequestParts {
  let write = writers[addressing].get(operation);
  if (write === undefined) {
    write = compile(operation as Declared, addressing);
    writers[addressing].set(operation, write);
  }
  return write(input);
}

/** True when what is not in the path is in the query, and the body is something else or nothing. */
export function inputInQuery(operation: Operation): boolean {
  return operation.method === "GET" || operation.method === "DELETE" || operation.shape === "upload";
}

/**
 * Refuses an input that fits the contract and that no URL can say, in whatever placement; undefined for an operation of
 * whose input nothing is in the URL. All that can be so is half a character, and a path parameter that is missing.
 * It runs at every call in one process, so it looks before it asks.
 */
export function urlCheck(operation: Declared): ((input: unknown) => void) | undefined {
  const parameters = parametersOf(operation.path);
  const fromQuery = inputInQuery(operation);
  if ((parameters.length === 0 && !fromQuery) || operation.input === undefined) return undefined;
  const known = propertiesOf(jsonSchemaOf(operation.input, "input", `${operationId(operation)}.input`));

  function isDoubtful(members: Record<string, unknown>): boolean {
    for (const name of parameters) if (members[name] === undefined || isHalf(members[name])) return true;
    if (fromQuery)
      for (const name in members) if (isHalf(members[name]) || (!known.has(name) && isHalf(name))) return true;
    return false;
  }
  return (input) => {
    if (isDoubtful(input as Record<string, unknown>)) requestOf(operation, input, "named");
  };
}

function isHalf(value: unknown): boolean {
  return typeof value === "string" && !value.isWellFormed();
}

function compile(operation: Declared, addressing: Addressing): WriteRequest {
  const place = operationId(operation);
  const kinds = kindsReader(operation.input ? jsonSchemaOf(operation.input, "input", `${place}.input`) : {});
  const parameters = new Set(parametersOf(operation.path));
  const segments = operation.path.split("/");
  const fromQuery = inputInQuery(operation);

  return (input) => {
    const members = membersOf(input, place);
    const rest = Object.entries(members).filter(([name, value]) => value !== undefined && !parameters.has(name));
    const path = segments
      .map((segment) => (segment.startsWith("{") ? pathText(segment.slice(1, -1)) : segment))
      .join("/");
    if (fromQuery)
      return {
        path,
        query: rest
          .map(([name, value]) => queryText(name, value))
          .filter(Boolean)
          .join("&"),
        body: undefined,
      };
    return { path, query: "", body: rest.length === 0 ? undefined : Object.fromEntries(rest) };

    function pathText(name: string): string {
      const texts = textsOf(name, Object.hasOwn(members, name) ? members[name] : undefined);
      const [text = ""] = texts;
      if (texts.length !== 1 || (addressing === "routed" && ["", ".", ".."].includes(text)))
        throw invalid(place, { [name]: [`'${text}' cannot be said in a path`] });
      return encoded(name, text);
    }
  };

  function queryText(name: string, value: unknown): string {
    return textsOf(name, value)
      .map((text) => `${encoded(name, name)}=${encoded(name, text)}`)
      .join("&");
  }

  function textsOf(name: string, given: unknown): string[] {
    let texts: string[];
    try {
      const value = typeof given === "object" ? jsonCopy(given) : given;
      texts = writeTexts(value, kinds(name));
      if (value === undefined || readsBack(texts, value, kinds(name))) return texts;
    } catch (cause) {
      throw invalid(place, { [name]: ["cannot be said as JSON"] }, cause);
    }
    throw invalid(place, { [name]: [isHalf(given) ? "holds half a character" : "would be another value as text"] });
  }

  function encoded(name: string, text: string): string {
    try {
      return encodeURIComponent(text);
    } catch (cause) {
      throw invalid(place, { [name]: ["holds half a character"] }, cause);
    }
  }
}

function membersOf(input: unknown, place: string): Record<string, unknown> {
  if (input === undefined) return {};
  if (typeof input === "object" && input !== null && !Array.isArray(input)) return input as Record<string, unknown>;
  throw new CantleError("INPUT_INVALID", `the input of ${place} is one object`, {
    errors: { input: ["is not an object"] },
  });
}

function invalid(place: string, errors: Readonly<Record<string, readonly string[]>>, cause?: unknown): CantleError {
  return new CantleError("INPUT_INVALID", `the input does not fit ${place}`, { errors, cause });
}
