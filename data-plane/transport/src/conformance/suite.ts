/** What the parts of the conformance suite share: a test with a pair of its own. */
import { test } from "node:test";
import { type Clock, type Operation, type Reply, virtualClock } from "@cantle/core";
import type { Connection, Doors, Listener } from "../transport.ts";
import { type Backend, type CallOptions, callOf, createBackend, peerToken } from "./backend.ts";

/** What a pair is opened with. */
export interface ConformanceSetup {
  readonly doors: Doors;
  readonly clock: Clock;
  /** The peer token of the dialling side; `undefined` for none. */
  readonly token: string | undefined;
  /** The services that the dialling side hosts. */
  readonly services: readonly string[];
}

/** Both ends of one way to call. */
export interface ConformancePair {
  readonly connection: Connection;
  readonly listener: Listener;
  /** Closes the connection and stops the listener, and whatever else was made. */
  close(): Promise<void>;
}

/** What a transport cannot be asked, because it has no such thing. */
export interface ConformanceLimits {
  /** True where both ends are one process, so that nothing can be cut and nobody's identity is in doubt. Default false. */
  readonly sameProcess?: boolean;
  /** False where one stalled stream cannot hold its source back. Default true. */
  readonly backPressure?: boolean;
}

/** A pair, and what a test does with it. */
export interface Pair extends ConformancePair {
  readonly backend: Backend;
  readonly clock: Clock;
  call(operation: Operation, start?: CallOptions): Promise<Reply>;
}

/** What a part of the suite describes its tests with. */
export interface Suite extends Required<ConformanceLimits> {
  /** A test with a pair of its own, closed whatever happens. `token` is the one it dials with, if not a good one. */
  check(title: string, body: (pair: Pair) => Promise<void>, options?: { readonly token: string | undefined }): void;
}

/** A suite for one transport. */
export function createSuite(
  connect: (setup: ConformanceSetup) => Promise<ConformancePair>,
  { sameProcess = false, backPressure = true }: ConformanceLimits,
): Suite {
  return {
    sameProcess,
    backPressure,
    check(title, body, { token } = { token: peerToken }) {
      test(title, { timeout: 20_000 }, async () => {
        const clock = virtualClock();
        const backend = createBackend();
        const pair = await connect({ doors: backend.doors, clock, token, services: ["orders", "billing"] });
        const call: Pair["call"] = (operation, start) => pair.connection.handle(callOf(operation, start));
        try {
          await body({ ...pair, backend, clock, call });
        } finally {
          await pair.close();
        }
      });
    },
  };
}
