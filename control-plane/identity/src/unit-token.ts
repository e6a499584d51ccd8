/**
 * A unit's own token: got with the bootstrap token, renewed long before it runs out.
 *
 * The time a token has left is the wall's, and a wall may jump, so it is looked at every few seconds instead of being waited
 * for. While the issuer is away the token goes on; one that ran out all the same is replaced as soon as the issuer is back, by
 * the bootstrap token. When that has run out too, only a new start of the unit helps, and `check` says so.
 */

import type { Client } from "@cantle/contract";
import { CantleError, type Clock, type Running } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { identity } from "./contract.ts";

/** A token that stays good. */
export interface UnitToken extends Running {
  /** What to present just now: the unit token, or the bootstrap token before there is one. */
  current(): string;
  /** Gets the first token. Throws what the issuer answered. */
  start(): Promise<void>;
  /** Throws `UNAVAILABLE` when the token has run out; for readiness. */
  check(): void;
}

/** What it needs. */
export interface UnitTokenOptions {
  readonly client: Pick<Client<typeof identity>, "unit">;
  readonly bootstrap: string;
  readonly instance: string;
  readonly uses: Readonly<Record<string, "*" | string[]>>;
  readonly clock: Clock;
  readonly log: Logger;
}

const lookMs = 5_000;
/** A token is renewed when this share of its life is over. */
const renewShare = 0.25;

type State =
  | { readonly kind: "none" }
  | { readonly kind: "held"; readonly token: string; readonly renewMs: number; readonly expiresMs: number };

/** Makes one; nothing is asked for before `start`. */
export function createUnitToken(options: UnitTokenOptions): UnitToken {
  const { client, bootstrap, instance, uses, clock, log } = options;
  let state: State = { kind: "none" };
  let timer = { cancel() {} };
  let stopped = false;

  const isGood = () => state.kind === "held" && clock.wallMs() < state.expiresMs;

  async function renew(): Promise<void> {
    const askedMs = clock.wallMs();
    const proof = state.kind === "held" && isGood() ? state.token : bootstrap;
    const { token, expiresMs } = await client.unit({ proof, instance, uses });
    state = { kind: "held", token, expiresMs, renewMs: askedMs + (expiresMs - askedMs) * renewShare };
  }

  async function look(): Promise<void> {
    try {
      if (state.kind === "none" || clock.wallMs() >= state.renewMs) await renew();
    } catch (error) {
      log.warn("the unit's token could not be renewed", { error, good: isGood() });
    }
    if (!stopped) timer = clock.after(lookMs, look);
  }

  return {
    current: () => (state.kind === "held" && isGood() ? state.token : bootstrap),
    async start() {
      await renew();
      timer = clock.after(lookMs, look);
    },
    check() {
      if (!isGood()) throw new CantleError("UNAVAILABLE", "the unit has no valid token");
    },
    async stop() {
      stopped = true;
      timer.cancel();
    },
  };
}
