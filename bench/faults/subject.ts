/** Systems that faults are done to, the load on them, and what all such contests have in common. */
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceRow } from "@cantle/supervisor";
import type { Answer } from "../harness/answers.ts";
import type { Column, Contest, Entrant, Measures } from "../harness/contest.ts";
import type { OpenOrder } from "../harness/open-load.ts";
import { type RemotePart, startPart } from "../harness/start-part.ts";
import type { Steered, SystemOrder } from "./running.ts";

/** Requests a second, where a fault does not say otherwise. */
export const perSecond = 300;
const readyMs = 30_000;

/** A system that runs. */
export interface Running {
  readonly url: string;
  /** A folder that goes away with it. */
  readonly home: string;
  list(): Promise<readonly InstanceRow[]>;
  /** The instances of a unit, once all are ready. */
  ready(unit: string): Promise<readonly InstanceRow[]>;
  restart(unit: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one. */
export async function startRunning(order: SystemOrder): Promise<Running> {
  const system = await startPart(new URL("./running.ts", import.meta.url).href, "start", [order]);
  const list = () => system.drive<readonly InstanceRow[]>({ list: true } satisfies Steered);

  async function ready(unit: string): Promise<readonly InstanceRow[]> {
    const lateMs = performance.now() + readyMs;
    for (;;) {
      const rows = (await list()).filter((row) => row.unit === unit);
      if (rows.length > 0 && rows.every(({ state }) => state === "ready")) return rows;
      if (performance.now() > lateMs) throw new Error(`'${unit}' is not ready: ${rows.map(({ state }) => state)}`);
      await delay(20);
    }
  }

  return {
    url: system.url!,
    home: system.at!,
    list,
    ready,
    restart: async (unit) => void (await system.drive({ restart: unit } satisfies Steered)),
    stop: () => system.stop(),
  };
}

/** A system with its load generator. */
export interface Subject extends Running {
  /** Resolves with what came of it, once all is answered. */
  load(order: Omit<OpenOrder, "url">): Promise<readonly Answer[]>;
}

/** Starts both: the desk, two shelves and the archive, or the system of another file. */
export async function startSubject(order: Partial<SystemOrder> = {}): Promise<Subject> {
  const generator = await startLoad();
  const running = await startRunning({
    file: "./subject/system.ts",
    placement: "pair",
    ...order,
  });
  return {
    ...running,
    load: (order) => generator.drive({ url: running.url, ...order } satisfies OpenOrder),
    stop: async () => void (await Promise.all([running.stop(), generator.stop()])),
  };
}

/** The load generator alone. */
export function startLoad(): Promise<RemotePart> {
  return startPart(new URL("../harness/open-load.ts", import.meta.url).href, "openLoad");
}

/** A fault as a contest with one contestant, of which the worst round counts. */
export interface FaultContest extends Pick<Contest, "title" | "works" | "rounds" | "notes" | "counts"> {
  /** Measure → the title of its column. */
  readonly columns: Readonly<Record<string, string>>;
  /** Measure → its digits, where it is no whole number. */
  readonly digits?: Readonly<Record<string, number>>;
  /** Measure → at most so much, in each kind of work. */
  readonly asked: Measures;
  readonly contestant?: string;
  start(): Promise<Entrant>;
}

/** Makes it one. */
export function faultContest(fault: FaultContest): Contest {
  const { columns, digits = {}, asked, start, contestant = "cantle", ...rest } = fault;
  const all = Object.entries(columns).map(
    ([measure, title]): Column => ({ measure, title, digits: digits[measure] ?? 0 }),
  );
  const targets = rest.works.flatMap((work) =>
    Object.entries(asked).map(([measure, atMost]) => ({ contestant, work, measure, atMost })),
  );
  return {
    counts: "worst",
    turnMs: 0,
    warmMs: 0,
    ...rest,
    columns: () => all,
    contestants: [{ name: contestant, start }],
    targets,
  };
}
