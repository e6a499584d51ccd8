/**
 * From what arrived to one input object.
 *
 *     value ─────────────────────────────┐
 *     bytes ── parse ────────────────────┼──▶ one object, not yet validated
 *     http ─── path + (query | body) ────┘
 *
 * Path and query are text; `text.ts` says what each piece was meant to be. A member of the body that contradicts the path is
 * refused, not silently overruled.
 */
import { CantleError, type Operation, type Payload } from "@cantle/core";
import { parseJson } from "./json.ts";
import { parametersOf } from "./path.ts";
import { inputInQuery } from "./request.ts";
import { jsonSchemaOf, type Schema } from "./schema.ts";
import { type Kinds, kindsReader, readTexts } from "./text.ts";

type Members = Record<string, unknown>;

/** Reads payloads of one operation. */
export type ReadPayload = (payload: Payload) => unknown;

/** The reader for an operation whose input has this schema. */
export function payloadReader(operation: Operation, schema: Schema): ReadPayload {
  const json = jsonSchemaOf(schema, "input", `${operation.service}.${operation.name}.input`);
  const kinds = kindsReader(json);
  const parameters = parametersOf(operation.path);
  const fromQuery = inputInQuery(operation);

  return (payload) => {
    if (payload.kind === "value") return payload.value === undefined ? {} : payload.value;
    if (payload.kind === "bytes") return parseBody(payload.bytes);
    const members = fromQuery ? readQuery(payload.query, kinds) : parseBody(payload.bytes);
    if (typeof members !== "object" || members === null || Array.isArray(members)) return members;
    for (const name of parameters) {
      setParameter(members as Members, name, readTexts([payload.params[name] ?? ""], kinds(name)));
    }
    return members;
  };
}

function parseBody(bytes: Uint8Array): unknown {
  return bytes.byteLength === 0 ? {} : parseJson(bytes);
}

function setParameter(members: Members, name: string, value: unknown): void {
  if (Object.hasOwn(members, name) && members[name] !== value) {
    throw new CantleError("INPUT_INVALID", "the body contradicts the path", {
      errors: { [name]: ["is not what the path says"] },
    });
  }
  members[name] = value;
}

/** Query text to members. `__proto__` is nobody's name. */
function readQuery(query: string, kinds: (name: string) => Kinds): Members {
  if (query === "") return {};
  const texts = new Map<string, string[]>();
  for (const [name, text] of new URLSearchParams(query)) {
    const known = texts.get(name);
    if (known) known.push(text);
    else texts.set(name, [text]);
  }
  texts.delete("__proto__");
  return Object.fromEntries([...texts].map(([name, all]) => [name, readTexts(all, kinds(name))]));
}
