/** What those who do nothing, and those who are slow, cost a client who is neither. */
import type { Contest, Contestant } from "../harness/contest.ts";
import { type Shared, shared, startPart } from "../harness/start-part.ts";
import type { AskOrder, HangOrder, Waited } from "./bystander.ts";

const work = "GET, 8 clients at an even pace";
const at = (file: string) => new URL(file, import.meta.url).href;
const askedMs = 3_000;

/** The contest, at a gateway that runs. */
export function besideOthers(split: Shared): Contest {
  const bystander = shared(() => startPart(at("./bystander.ts"), "bystander"));
  const hangers = shared(() => startPart(at("./bystander.ts"), "hangers"));
  const beside = (name: string, kind: HangOrder["kind"], count: number): Contestant => ({
    name,
    async start() {
      const { url } = await split.get();
      return {
        async turn() {
          const open = await (await hangers.get()).drive<number>({ url, kind, count } as HangOrder);
          const order = { url: `${url}/orders/o-4711`, ms: askedMs } satisfies AskOrder;
          const { failed, p50Us, p99Us } = await (await bystander.get()).drive<Waited>(order);
          await (await hangers.get()).drive<number>({ url, kind: "none", count: 0 } as HangOrder);
          if (failed > 0) throw new Error(`${failed} calls failed`);
          return { p99Us, p50Us, open };
        },
        stop: async () => {},
      };
    },
  });
  const others = [
    beside("beside 5,000 idle", "idle", 5_000),
    beside("beside 500 slow headers", "slow headers", 500),
    beside("beside 500 slow bodies", "slow body", 500),
  ];
  return {
    title: "gateway beside clients who do nothing or are slow",
    works: [work],
    columns: () => [
      { measure: "p99Us", title: "p99 µs", digits: 0 },
      { measure: "p50Us", title: "p50 µs", digits: 0 },
      { measure: "open", title: "others let in", digits: 0 },
    ],
    reference: "alone",
    rounds: 5,
    turnMs: 0,
    warmMs: 0,
    contestants: [beside("alone", "none", 0), ...others],
    targets: others.map(({ name }) => ({ contestant: name, work, measure: "p99Us", to: "alone", atMost: 2 })),
    close: async () => void (await Promise.all([bystander.stop(), hangers.stop()])),
  };
}
