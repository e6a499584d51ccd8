/**
 * The four kinds of token and what they may say.
 *
 *     user        at+jwt                 a person, from the login of a service to the gateway
 *     caller      cantle-caller+jwt      the same person, from the gateway inwards, for five minutes
 *     bootstrap   cantle-bootstrap+jwt   a unit that is about to start, from whoever holds the keys
 *     unit        cantle-unit+jwt        a running unit: which services it hosts, and what each of them may call
 *
 * A kind is told by the header's `typ` and by the audience, and both are checked: no token can be taken for another kind.
 * What belongs inside has another audience than what people hold.
 */
import { CantleError } from "@cantle/core";

/** What a token is for. */
export type TokenKind = "user" | "caller" | "bootstrap" | "unit";

/** The `typ` of each kind. */
export const tokenTypes: Readonly<Record<TokenKind, string>> = Object.freeze({
  user: "at+jwt",
  caller: "cantle-caller+jwt",
  bootstrap: "cantle-bootstrap+jwt",
  unit: "cantle-unit+jwt",
});

/** The longest token that is read or signed, characters. Longer ones are refused before anything of them is parsed. */
export const tokenLengthMax = 8192;

/** The audience of a kind in a system. */
export function audienceOf(kind: TokenKind, audience: string): string {
  return kind === "user" ? audience : `${audience}:inside`;
}

/** Who a user or caller token speaks for. */
export interface Person {
  readonly id: string;
  readonly roles: readonly string[];
}

/** What a service declared that it calls; `*` is everything, for the platform's own services. */
export type ServiceUses = ReadonlySet<string> | "*";

/** What a bootstrap token grants. */
export interface Grant {
  readonly unit: string;
  /** The services that the unit hosts. */
  readonly services: ReadonlySet<string>;
  /** True for units of the platform, which may ask for `*`. */
  readonly platform: boolean;
}

/** What a unit token says. */
export interface UnitIdentity {
  readonly unit: string;
  readonly instance: string;
  readonly services: ReadonlyMap<string, ServiceUses>;
  readonly platform: boolean;
}

/** Names of units, instances and services; the same everywhere, compared as they are. */
export const nameShape = /^[a-zA-Z][a-zA-Z0-9._-]{0,127}$/;
/** The longest subject, characters. */
export const subjectLengthMax = 256;
/** The most roles of a person. */
export const rolesMax = 32;
/** The longest role, characters. */
export const roleLengthMax = 64;

type Claims = Readonly<Record<string, unknown>>;

/** The person of verified claims; undefined where they do not say one. */
export function personOf(claims: Claims): Person | undefined {
  const { sub: id, roles } = claims;
  if (typeof id !== "string" || id === "" || id.length > subjectLengthMax) return undefined;
  if (!isNames(roles, rolesMax) || roles.some((role) => role.length > roleLengthMax)) return undefined;
  return { id, roles: Object.freeze([...roles]) };
}

/** The grant of verified bootstrap claims. */
export function grantOf(claims: Claims): Grant | undefined {
  const { sub: unit, services, platform } = claims;
  if (!isName(unit) || !isNames(services, Number.POSITIVE_INFINITY)) return undefined;
  return { unit, services: new Set(services), platform: platform === true };
}

/** The identity of verified unit claims. */
export function unitOf(claims: Claims): UnitIdentity | undefined {
  const { sub: unit, instance, services, platform } = claims;
  if (!isName(unit) || !isName(instance) || typeof services !== "object" || services === null) return undefined;
  const uses = new Map<string, ServiceUses>();
  for (const [name, used] of Object.entries(services)) {
    if (used !== "*" && !isNames(used, Number.POSITIVE_INFINITY)) return undefined;
    uses.set(name, used === "*" ? "*" : new Set(used));
  }
  return { unit, instance, services: uses, platform: platform === true };
}

/** Throws where a name of a unit, an instance or a service is none. */
export function checkName(name: string, place: string): void {
  if (isName(name)) return;
  throw new CantleError("INPUT_INVALID", `this is not a name`, {
    errors: { [place]: ["begin with a letter, go on with letters, digits, dots and dashes; at most 128"] },
  });
}

function isName(value: unknown): value is string {
  return typeof value === "string" && nameShape.test(value);
}

function isNames(value: unknown, countMax: number): value is string[] {
  return (
    Array.isArray(value) && value.length <= countMax && value.every((name) => typeof name === "string" && name !== "")
  );
}
