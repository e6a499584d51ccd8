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

/** A contestant whose file exports `serve(...args)` and `connect(at)`. */
export function remoteContestant(name: string, file: string, args: readonly unknown[] = []): Contestant {
  return {
    name,
    async start() {
      const url = new URL(file, import.meta.url).href;
      const server = await startPart(url, "serve", args);
      try {
        const caller = await startPart(import.meta.url, "callingSide", [url, server.at]);
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
export async function callingSide(url: string, at: string): Promise<Part> {
  const module = (await import(url)) as { connect(at: string): Promise<Caller> };
  const { call, close } = await module.connect(at);
  await call();
  return { drive: driver(call), stop: close };
}
