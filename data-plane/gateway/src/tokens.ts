/**
 * The port of identity: what the gateway asks of whoever knows users. An issuer of our own, an OpenID provider and the twin
 * below implement it.
 */
import { type Caller, CantleError } from "@cantle/core";

/** Knows whose a token is. */
export interface Tokens {
  /**
   * The user whose token this is, with an assertion that is good for the calls of this moment. Throws `UNAUTHENTICATED` for a
   * token that is forged, expired, or not for this system; never answers with somebody for one that is not valid now.
   */
  verify(token: string): Caller | Promise<Caller>;
}

/** Tokens that are told beforehand; the in-memory twin, for tests and examples. */
export function staticTokens(callers: Readonly<Record<string, Caller>>): Tokens {
  const known = new Map(Object.entries(callers));
  return {
    verify(token) {
      const caller = known.get(token);
      if (caller === undefined) throw new CantleError("UNAUTHENTICATED", "the token is not valid");
      return caller;
    },
  };
}
