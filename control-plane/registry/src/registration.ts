/**
 * An instance's side of its lease: announce, beat, announce again when the registry forgot, leave.
 *
 *     out ──register──▶ in ──heartbeat every second──▶ in ──(registry does not know us, or our state changed)──▶ out
 *
 * A lost heartbeat is repeated at once and often (`retryMs`) while the lease may still hold: with half of all messages lost,
 * a live instance keeps its lease. When it must be gone, attempts back off with jitter, so that a registry that comes back is
 * not met by everybody at once. Nothing here ever fails the instance: without a registry it works on for whoever knows it.
 */

import type { Client } from "@cantle/contract";
import type { Clock, Random, Running } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import { backoffMs } from "./backoff.ts";
import type { registry } from "./contract.ts";
import type { Announced, ServiceState } from "./instance.ts";
import { leasesDefault } from "./lease-table.ts";
import { createPause } from "./pause.ts";

/** An announced instance; `stop` takes it out of the registry. */
export interface Registration extends Running {
  /** Announces the state of one service, or of all. Resolves when the registry has been told, or could not be. Never rejects. */
  setState(state: ServiceState, service?: string): Promise<void>;
  /** Announces other services in place of these; likewise. */
  replace(services: readonly Announced[]): Promise<void>;
  /** Announces other metadata of all services; likewise. */
  setMetadata(metadata: Readonly<Record<string, string>>): Promise<void>;
}

/** What it needs. */
export interface RegistrationOptions {
  readonly client: Pick<Client<typeof registry>, "register" | "heartbeat" | "deregister">;
  readonly instance: string;
  readonly services: readonly Announced[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Between attempts while the lease may hold, at random between half of it and one and a half. */
const retryMs = 100;
/** A beat that takes longer is taken for lost; it may have been heard all the same. */
const beatMsMax = 500;
const leaveMsMax = 1_000;

type State = { readonly kind: "out" } | { readonly kind: "in"; readonly heartbeatMs: number };

/** Announces an instance, and goes on doing so until it is stopped. */
export function createRegistration(options: RegistrationOptions): Registration {
  const { client, instance, clock, log } = options;
  const pause = createPause(clock);
  let services = options.services;
  let state: State = { kind: "out" };
  const trouble = createTrouble(options);
  let told: (() => void)[] = [];
  let stopped = false;

  async function announce(): Promise<void> {
    const announced = services;
    const lease = await client.register({ instance, services: announced });
    // What changed while this was on its way has not been announced yet.
    state = announced === services ? { kind: "in", heartbeatMs: lease.heartbeatMs } : { kind: "out" };
  }

  async function beat(): Promise<void> {
    const { known } = await client.heartbeat({ instance }, { timeoutMs: beatMsMax });
    if (!known) state = { kind: "out" };
  }

  /** One attempt; answers with how long to wait for the next. */
  async function attempt(): Promise<number> {
    const listeners = told;
    told = [];
    try {
      await (state.kind === "out" ? announce() : beat());
      trouble.end();
      return state.kind === "in" ? state.heartbeatMs : 0;
    } catch (error) {
      return trouble.waitMs(error);
    } finally {
      for (const resolve of listeners) resolve();
    }
  }

  async function run(): Promise<void> {
    while (!stopped) {
      const waitMs = await attempt();
      if (waitMs > 0 && !stopped) await pause.wait(waitMs);
    }
  }

  function replace(next: readonly Announced[]): Promise<void> {
    services = next;
    state = { kind: "out" };
    const { promise, resolve } = Promise.withResolvers<void>();
    told.push(resolve);
    pause.end();
    return promise;
  }

  const running = run();
  return {
    replace,
    setMetadata: (metadata) => replace(services.map((each) => ({ ...each, metadata }))),
    setState: (state, service) =>
      replace(services.map((each) => (service === undefined || each.service === service ? { ...each, state } : each))),
    async stop() {
      stopped = true;
      pause.end();
      await running;
      for (const resolve of told) resolve();
      await client.deregister({ instance }, { timeoutMs: leaveMsMax }).catch((error: unknown) => {
        log.warn("the registry could not be told that this instance left; its lease will run out", { error });
      });
    },
  };
}

/** Counts failures in a row and says how long to wait after each; the log hears of the first and of the end. */
function createTrouble({ clock, random, log }: Pick<RegistrationOptions, "clock" | "random" | "log">) {
  let failures = 0;
  let sinceMs = 0;
  return {
    waitMs(error: unknown): number {
      if (failures === 0) {
        sinceMs = clock.nowMs();
        log.warn("the registry cannot be told that this instance is here; it works on", { error });
      }
      failures++;
      const leaseMayHold = clock.nowMs() - sinceMs < leasesDefault.leaseMs;
      return leaseMayHold ? retryMs * (0.5 + random.next()) : backoffMs(failures, random);
    },
    end(): void {
      if (failures > 0) log.info("the registry is back");
      failures = 0;
    },
  };
}
