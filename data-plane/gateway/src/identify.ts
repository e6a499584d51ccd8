/**
 * Who asks, and whether they may.
 *
 *     no Authorization   public: nobody; else 401 and how to sign in
 *     one, and it is bad  401, on a public operation too: silence would hide an expired token
 *     one, and it is good the caller; 403 when the operation wants a role that they do not have
 *
 * Several Authorization fields arrive joined by a comma, which no token has: they are a bad one.
 */
import { type Access, type Caller, CantleError, isCantleError } from "@cantle/core";
import { userRefused } from "@cantle/mesh";
import type { Exchange } from "@cantle/transport/http";
import type { Tokens } from "./tokens.ts";

/** Finds the caller of an exchange. Throws `UNAUTHENTICATED` or `FORBIDDEN`. */
export type Identify = (exchange: Exchange, access: Access) => Caller | undefined | Promise<Caller | undefined>;

/** Credentials as RFC 9110 (11.4) has them, as far as they are one token: a scheme, spaces, token68. */
const credentials = /^([A-Za-z][A-Za-z0-9-]*) +([A-Za-z0-9._~+/-]+=*)$/;

/** An Authorization field, and the token in it. */
interface Credentials {
  readonly field: string;
  readonly token: string;
}

const lastRead = "credentials";

/** Asks `tokens`, taking tokens in these schemes (`Bearer`). */
export function createIdentify(tokens: Tokens | undefined, schemes: readonly string[]): Identify {
  const taken = new Set(schemes.map((scheme) => scheme.toLowerCase()));
  const missing = ["www-authenticate", schemes.join(", ")];
  const invalid = ["www-authenticate", schemes.map((scheme) => `${scheme} error="invalid_token"`).join(", ")];

  function tokenOf(field: string): string {
    const [, scheme = "", token = ""] = credentials.exec(field) ?? [];
    if (!taken.has(scheme.toLowerCase()))
      throw new CantleError("UNAUTHENTICATED", "the credentials are not of a kind that is taken here");
    return token;
  }

  /** A connection mostly presents one token: what was read of it last is compared, not read again. */
  function tokenOn({ line }: Exchange, field: string): string {
    const last = line.memo.get(lastRead) as Credentials | undefined;
    if (last?.field === field) return last.token;
    const token = tokenOf(field);
    line.remember(lastRead, { field, token } satisfies Credentials);
    return token;
  }

  function verify(exchange: Exchange, field: string): Caller | Promise<Caller> {
    const token = tokenOn(exchange, field);
    if (tokens === undefined) throw new CantleError("UNAUTHENTICATED", "there are no users here");
    return tokens.verify(token);
  }

  return (exchange, access) => {
    const field = exchange.request.headers.authorization;
    if (field === undefined) return permit(undefined);
    try {
      const caller = verify(exchange, field);
      return caller instanceof Promise ? caller.then(permit, refuse) : permit(caller);
    } catch (error) {
      return refuse(error);
    }

    function permit(caller: Caller | undefined): Caller | undefined {
      const refused = userRefused(access, { caller });
      if (refused === undefined) return caller;
      if (refused.code === "UNAUTHENTICATED") challenge(missing);
      throw refused;
    }

    function refuse(error: unknown): never {
      if (isCantleError(error) && error.code === "UNAUTHENTICATED") challenge(invalid);
      throw error;
    }

    function challenge(header: readonly string[]): void {
      exchange.headers = [...exchange.headers, ...header];
    }
  };
}
