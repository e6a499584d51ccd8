/** How a unit follows its load: from a step of the load to the instances that it needs, and back. */
import { setTimeout as delay } from "node:timers/promises";
import { startTraffic } from "../../examples/03-payments/traffic.ts";
import type { Column, Contest, Measures } from "../harness/contest.ts";
import { type RemotePart, startPart } from "../harness/start-part.ts";
import type { ReadyOf } from "./payments.ts";

const calm = 4;
const rush = 40;
const calmMs = 8_000;
const rushMs = 30_000;
const backMsMax = 180_000;
const lookMs = 100;

const columns: readonly Column[] = [
  { measure: "upMs", title: "grown after ms", digits: 0 },
  { measure: "peak", title: "instances", digits: 0 },
  { measure: "downMs", title: "back after ms", digits: 0 },
  { measure: "turns", title: "turns", digits: 0 },
  { measure: "sent", title: "requests", digits: 0 },
  { measure: "failed", title: "failed", digits: 0 },
];

/** The contests. */
export async function contests(): Promise<Contest[]> {
  const work = `${calm}, ${rush}, ${calm} at once`;
  const target = (measure: string, atMost: number) => ({ contestant: "cantle", work, measure, atMost });
  return [
    {
      title: "a step of the load on a scaled unit, and its end",
      works: [work],
      columns: () => columns,
      rounds: 1,
      turnMs: 0,
      warmMs: 0,
      contestants: [
        {
          name: "cantle",
          async start() {
            const payments = await startPart(new URL("./payments.ts", import.meta.url).href, "start");
            return { turn: () => follow(payments), stop: () => payments.stop() };
          },
        },
      ],
      targets: [target("upMs", 15_000), target("downMs", 120_000), target("turns", 1), target("failed", 0)],
      notes: [
        "grown: from the step to the last instance that it brought; eight calls in flight for each, from 1 to 6",
        "back: from the end of the rush to one instance again; it is held for 20 s before the first leaves",
        "turns: how often the count changed its direction",
      ],
    },
  ];
}

/** A calm, a rush, a calm. */
async function follow(payments: RemotePart): Promise<Measures> {
  const traffic = startTraffic(payments.url!, calm);
  const counts: { readonly atMs: number; readonly count: number }[] = [];
  const look = async () => {
    const count = await payments.drive<number>({ unit: "inquiry" } satisfies ReadyOf);
    if (counts.at(-1)?.count !== count) counts.push({ atMs: performance.now(), count });
    await delay(lookMs);
    return count;
  };
  try {
    await lookFor(calmMs, look);
    const stepMs = performance.now();
    traffic.workers(rush);
    await lookFor(rushMs, look);
    const grown = counts.findLast(({ atMs }, at) => atMs > stepMs && counts[at]!.count > (counts[at - 1]?.count ?? 0));
    const endMs = performance.now();
    traffic.workers(calm);
    while ((await look()) > 1 && performance.now() < endMs + backMsMax);
    const downMs = performance.now() - endMs;
    await traffic.stop();
    const failed = traffic.ended.filter(({ isGood }) => !isGood).length;
    const peak = Math.max(...counts.map(({ count }) => count));
    return {
      upMs: (grown?.atMs ?? Number.NaN) - stepMs,
      peak,
      downMs,
      turns: turnsOf(counts),
      sent: traffic.ended.length,
      failed,
    };
  } finally {
    await traffic.stop();
  }
}

async function lookFor(ms: number, look: () => Promise<number>): Promise<void> {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs) await look();
}

function turnsOf(counts: readonly { readonly count: number }[]): number {
  const steps = counts.slice(1).map(({ count }, at) => Math.sign(count - counts[at]!.count));
  return steps.slice(1).filter((step, at) => step !== steps[at]).length;
}
