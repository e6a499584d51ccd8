/** The two processes of a remote contestant: one that serves, and one that calls it and is driven. */
import type { Contestant } from "../harness/contest.ts";
import { driver } from "../harness/drive.ts";
import { counted } from "../harness/entrants.ts";
import type { Part } from "../harness/part.ts";
import { startPart } from "../harness/start-part.ts";

/** The calling side. */
export interface Caller {
  /** One call, answered. */
  readonly call: () => Promise<unknown>;
  readonly close: () => Promise<void> | void;
}

const inFlight = (work: string) => (work === "one at a time" ? 1 : 64);

/** What the two sides are started with, beyond the address. */
export interface Sides {
  readonly serve?: readonly unknown[];
  readonly connect?: readonly unknown[];
}

/** A contestant whose file exports `serve(...)` and `connect(at, ...)`. */
export function remoteContestant(name: string, file: string, { serve = [], connect = [] }: Sides = {}): Contestant {
  return {
    name,
    async start() {
      const url = new URL(file, import.meta.url).href;
      const server = await startPart(url, "serve", serve);
      try {
        const caller = await startPart(import.meta.url, "callingSide", [url, [server.at, ...connect]]);
        const pids = [...server.pids, ...caller.pids];
        return {
          turn: (work, ms) => counted(pids, () => caller.drive({ ms, inFlight: inFlight(work) })),
          async stop() {
            await caller.stop();
            await server.stop();
          },
        };
      } catch (error) {
        await server.stop();
        throw error;
      }
    },
  };
}

/** The program of the calling side. */
export async function callingSide(url: string, args: readonly unknown[]): Promise<Part> {
  const module = (await import(url)) as { connect(...args: readonly unknown[]): Promise<Caller> };
  const { call, close } = await module.connect(...args);
  await call();
  return { drive: driver(call), stop: close };
}
