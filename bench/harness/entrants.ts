/** The two kinds of contestants: those who answer HTTP requests, and those who make their calls themselves. */
import type { Column, Contestant, Measures } from "./contest.ts";
import { cpuUs } from "./cpu.ts";
import type { LoadOrder } from "./http-load.ts";
import type { Driven } from "./part.ts";
import { type RemotePart, type Shared, shared, startPart } from "./start-part.ts";

/** Connections at once. */
const connections = 50;

/** Processor time is what is compared; calls a second say how busy the machine was. */
export const cpuColumns: readonly Column[] = [
  { measure: "cpuUs", title: "CPU µs/call", digits: 2 },
  { measure: "perSecond", title: "calls/s", digits: 0 },
];

/** The time of one call, where they are made one at a time. */
export const timeColumns: readonly Column[] = [
  { measure: "p50Us", title: "p50 µs", digits: 1 },
  { measure: "cpuUs", title: "CPU µs/call", digits: 2 },
];

/** Requests by kind of work. */
export type Requests = Readonly<Record<string, readonly string[]>>;

/** What runs for an HTTP contestant. */
export interface Staged {
  readonly url: string;
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/** The load generator of a contest. */
export function sharedLoad(): Shared {
  return shared(() => startPart(new URL("./http-load.ts", import.meta.url).href, "httpLoad"));
}

/** A contestant under load. A request that fails ends its part in the contest. */
export function httpContestant(
  name: string,
  { load, requests }: { readonly load: Shared; readonly requests: Requests },
  stage: () => Promise<Staged>,
): Contestant {
  return {
    name,
    async start() {
      const generator = await load.get();
      const { url, pids, stop } = await stage();
      const turn = (work: string, ms: number) =>
        counted(pids, () => generator.drive({ url, ms, connections, requests: requests[work]! } satisfies LoadOrder));
      return { turn, stop };
    },
  };
}

/** What is called in a file, and with what. */
export interface Entry {
  readonly name?: string;
  readonly args?: readonly unknown[];
}

/** A contestant of one process that makes its calls itself: what `name(...args)` of the file at `url` starts. */
export function ownContestant(title: string, url: string, { name = "start", args = [] }: Entry = {}): Contestant {
  return {
    name: title,
    async start() {
      const part = await startPart(url, name, args);
      const turn = (_work: string, ms: number) => counted(part.pids, () => part.drive({ ms, inFlight: 1, batch: 256 }));
      return { turn, stop: () => part.stop() };
    },
  };
}

/** A staged part. */
export function stagedPart({ url, pids, stop }: RemotePart): Staged {
  return { url: url!, pids, stop };
}

/** What processes spent on a turn. */
export async function counted(pids: readonly number[], drive: () => Promise<Driven>): Promise<Measures> {
  const before = cpuUs(pids);
  const { calls, failed, elapsedMs, p50Us } = await drive();
  const spentUs = cpuUs(pids) - before;
  if (calls === 0 || failed > 0) throw new Error(`${failed} of ${calls + failed} calls failed`);
  if (spentUs === 0) throw new Error("no processor time was seen: others did the work");
  return {
    cpuUs: spentUs / calls,
    perSecond: (calls / elapsedMs) * 1000,
    ...(p50Us !== undefined && { p50Us }),
  };
}
