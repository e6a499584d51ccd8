/** Contestants that are measured by the HTTP requests they answer. */
import type { Contestant, Entrant } from "./contest.ts";
import type { LoadOrder } from "./http-load.ts";
import { type RemotePart, startPart } from "./start-part.ts";

/** Connections at once, as in the table of targets. */
export const connections = 50;

/** What runs for an HTTP contestant. */
export interface Staged {
  readonly url: string;
  readonly pids: readonly number[];
  /** Requests by kind of work, where they differ from everybody's. */
  readonly requests?: Readonly<Record<string, readonly string[]>>;
  stop(): Promise<void>;
}

/** The load generator of a contest; started once. */
export function startLoad(): Promise<RemotePart> {
  return startPart(new URL("./http-load.ts", import.meta.url).href, "httpLoad");
}

/** A contestant under `load`, with these requests by kind of work. */
export function httpContestant(
  name: string,
  { load, requests }: { readonly load: RemotePart; readonly requests: Readonly<Record<string, readonly string[]>> },
  stage: () => Promise<Staged>,
): Contestant {
  return {
    name,
    async start(): Promise<Entrant> {
      const staged = await stage();
      return {
        pids: staged.pids,
        turn: (work, ms) =>
          load.drive({
            url: staged.url,
            ms,
            connections,
            requests: (staged.requests ?? requests)[work]!,
          } satisfies LoadOrder),
        stop: staged.stop,
      };
    },
  };
}
