/**
 * Copies that make a colocated call behave like a remote one: whoever is called may change its input or keep its output
 * without the other side noticing, and what JSON does not say (`undefined` members, -0) is gone.
 *
 * Compiled from the JSON Schema of what validation answers with. zod already builds new objects and arrays and drops unknown
 * members; for it only the rest is left to do, which for most schemas is next to nothing. Of other libraries nothing is
 * assumed: everything is copied, and members that the schema does not know are dropped.
 */
import { branchesOf } from "./json-schema.ts";
import type { JsonSchema } from "./schema.ts";

/** Copies one value; absent where nothing is left to do. */
export type Copy = (value: any) => unknown;

/**
 * What becomes of `undefined` where JSON has something else: `null` for an item of an array, nothing at all for a member that
 * must be there. On the way out it is `filled` so; on the way in it is `refused` by throwing `gap`, because the schema has yet to
 * say what it thinks of what JSON says instead.
 */
export type Gaps = "filled" | "refused";

/** Thrown by copiers that refuse gaps. */
export const gap = Symbol("undefined, where JSON has something else");

/** What a copier is made for. */
export interface CopyOptions {
  /** The library that validated the values. */
  readonly vendor: string;
  readonly gaps: Gaps;
}

/** The copier of validated values that fit `schema`. */
export function copierOf(schema: JsonSchema, options: CopyOptions): Copy | undefined {
  return new Compiler(schema, options).compile(schema);
}

/** JSON data as JSON would carry it; for whatever a schema does not describe. */
export function jsonCopy(value: unknown): unknown {
  return typeof value === "string" || value === undefined ? value : JSON.parse(JSON.stringify(value));
}

/** The same where the schema does say something: an `undefined` that vanished may be missed. */
const gaplessCopy: Copy = (value) => {
  const copied = jsonCopy(value);
  if (holdsUndefined(value)) throw gap;
  return copied;
};

function holdsUndefined(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value === undefined;
  return (Array.isArray(value) ? value : Object.values(value)).some(holdsUndefined);
}

const noNegativeZero: Copy = (value) => (value === 0 ? 0 : value);

class Compiler {
  readonly #root: JsonSchema;
  /** True when validation has already made new objects and arrays and dropped unknown members. */
  readonly #fresh: boolean;
  readonly #gaps: Gaps;
  /** For what is not worth a copy of its own. */
  readonly #slow: Copy;
  readonly #underway = new Map<JsonSchema, { copy: Copy | undefined }>();

  constructor(root: JsonSchema, { vendor, gaps }: CopyOptions) {
    this.#root = root;
    this.#fresh = vendor === "zod";
    this.#gaps = gaps;
    this.#slow = gaps === "refused" ? gaplessCopy : jsonCopy;
  }

  compile(schema: JsonSchema): Copy | undefined {
    const known = this.#underway.get(schema);
    // A recursive schema meets itself here while it is being compiled; its copy is looked up when it runs.
    if (known !== undefined) return (value) => (known.copy ? known.copy(value) : value);
    const slot: { copy: Copy | undefined } = { copy: undefined };
    this.#underway.set(schema, slot);
    slot.copy = this.#compileNew(schema);
    return slot.copy;
  }

  #compileNew(schema: JsonSchema): Copy | undefined {
    const branches = branchesOf(schema, this.#root);
    // A default may be one object shared by all calls.
    if (typeof schema["default"] === "object" && schema["default"] !== null) return this.#slow;
    if (branches.length > 0) return this.#union(branches);
    switch (schema["type"]) {
      case "string":
      case "boolean":
      case "null":
        return undefined;
      case "number":
      case "integer":
        return noNegativeZero;
      case "array":
        return this.#array(schema);
      case "object":
        return this.#object(schema);
      default:
        return "const" in schema || "enum" in schema ? undefined : jsonCopy;
    }
  }

  #union(branches: JsonSchema[]): Copy | undefined {
    const copies = branches.filter((branch) => branch["type"] !== "null").map((branch) => this.compile(branch));
    if (copies.every((copy) => copy === undefined)) return undefined;
    const [only] = copies;
    if (copies.length === 1 && only) return (value) => (value === null ? null : only(value));
    return copies.every((copy) => copy === undefined || copy === noNegativeZero) ? noNegativeZero : this.#slow;
  }

  #array(schema: JsonSchema): Copy | undefined {
    if (schema["prefixItems"] !== undefined || typeof schema["items"] !== "object") return this.#slow;
    const copy = this.compile(schema["items"] as JsonSchema);
    const item = itemCopy(copy, this.#gaps);
    if (!this.#fresh) return (value: unknown[]) => Array.from(value, item);
    // Most arrays need nothing but this look.
    if (copy === undefined) return (value: unknown[]) => (value.includes(undefined) ? Array.from(value, item) : value);
    return (value: unknown[]) => {
      if (Object.isFrozen(value)) return Object.freeze(Array.from(value, item));
      for (let at = 0; at < value.length; at++) value[at] = item(value[at]);
      return value;
    };
  }

  #object(schema: JsonSchema): Copy | undefined {
    const properties = (schema["properties"] ?? {}) as Record<string, JsonSchema>;
    const rest = schema["additionalProperties"];
    if (rest !== undefined && rest !== false) return this.#slow;
    const required = new Set((schema["required"] as string[] | undefined) ?? []);
    const members = Object.entries(properties).map(([name, member]) => ({
      name,
      copy: this.compile(member),
      optional: !required.has(name),
    }));
    const refuse = this.#gaps === "refused";
    return this.#fresh
      ? inPlace(
          members.filter((member) => member.copy || member.optional),
          refuse,
        )
      : rebuilt(members, refuse);
  }
}

interface Member {
  readonly name: string;
  readonly copy: Copy | undefined;
  readonly optional: boolean;
}

function itemCopy(copy: Copy | undefined, gaps: Gaps): Copy {
  return (item) => {
    if (item !== undefined) return copy ? copy(item) : item;
    if (gaps === "refused") throw gap;
    return null;
  };
}

function inPlace(members: readonly Member[], refuse: boolean): Copy | undefined {
  if (members.length === 0) return undefined;
  return (given: Record<string, unknown>) => {
    let value = given;
    for (const { name, copy, optional } of members) {
      const member = given[name];
      const copied = copy === undefined || member === undefined ? member : copy(member);
      // Most members are what they should be, and a look costs less than a write.
      const isLeft = member === undefined && Object.hasOwn(given, name);
      if (member === undefined && refuse && !optional) throw gap;
      if (Object.is(copied, member) && !isLeft) continue;
      // A read-only schema freezes what it made.
      if (Object.isFrozen(value)) value = { ...value };
      if (isLeft) delete value[name];
      else value[name] = copied;
    }
    return value;
  };
}

function rebuilt(members: readonly Member[], refuse: boolean): Copy {
  return (value: Record<string, unknown>) => {
    const copied: Record<string, unknown> = {};
    for (const { name, copy, optional } of members) {
      const member = Object.hasOwn(value, name) ? value[name] : undefined;
      if (member !== undefined) copied[name] = copy ? copy(member) : member;
      else if (refuse && !optional) throw gap;
    }
    return copied;
  };
}
