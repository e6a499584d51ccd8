/**
 * The gateway's side of a user's token: from what a client presented to the caller that goes inside.
 *
 * The token is verified at every call (from the cache: a comparison), the assertion is asked for once and used until it has
 * `marginMs` left, so that it is still good where the call arrives. While the issuer is away, an assertion is used to its end.
 */

import { type Client, isFailure } from "@cantle/contract";
import { type Caller, CantleError, type Clock } from "@cantle/core";
import { identity } from "./contract.ts";
import { createTokenCache } from "./token-cache.ts";
import type { Verifier } from "./verifier.ts";

/** Turns a user token into a caller with an assertion. Throws `UNAUTHENTICATED` for a bad token. */
export type CallerSource = (token: string) => Caller | Promise<Caller>;

/** What it needs. */
export interface CallerSourceOptions {
  readonly client: Pick<Client<typeof identity>, "exchange">;
  readonly verifier: Pick<Verifier, "user" | "caller">;
  readonly clock: Clock;
  /** Default 60 s. */
  readonly marginMs?: number;
  /** How many callers are remembered; default 4096. */
  readonly tokensMax?: number;
}

/** Makes one. */
export function createCallerSource(options: CallerSourceOptions): CallerSource {
  const { client, verifier, clock, marginMs = 60_000, tokensMax = 4096 } = options;
  const callers = createTokenCache<{ caller: Caller; freshUntilMs: number }>(tokensMax);
  const asking = new Map<string, Promise<Caller>>();

  async function exchange(token: string): Promise<Caller> {
    const issued = await client.exchange({ token }).catch((error: unknown) => {
      // The issuer saw it expire, or lost the key, after we had found it good.
      if (isFailure(error, identity.operations.exchange, "TokenRefused"))
        throw new CantleError("UNAUTHENTICATED", error.message, { cause: error });
      throw error;
    });
    const caller = await verifier.caller(issued.token);
    const entry = { caller, freshUntilMs: issued.expiresMs - marginMs };
    callers.set(token, { value: entry, expiresMs: issued.expiresMs, generation: 0 });
    return caller;
  }

  function ask(token: string): Promise<Caller> {
    const known = asking.get(token);
    if (known !== undefined) return known;
    const asked = exchange(token).finally(() => void asking.delete(token));
    asking.set(token, asked);
    return asked;
  }

  function assertionFor(token: string): Caller | Promise<Caller> {
    const wallMs = clock.wallMs();
    const entry = callers.get(token, { wallMs, generation: 0 });
    if (entry === undefined) return ask(token);
    if (wallMs < entry.freshUntilMs) return entry.caller;
    return ask(token).catch(() => entry.caller);
  }

  return (token) => {
    const user = verifier.user(token);
    return user instanceof Promise ? user.then(() => assertionFor(token)) : assertionFor(token);
  };
}
