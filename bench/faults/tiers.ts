/** Three tiers, of which the last fails every call: how many attempts come of each one. */
import type { Contest, Measures } from "../harness/contest.ts";
import { faultContest, startSubject } from "./subject.ts";
import { ways } from "./tiers/contracts.ts";

const perSecond = 100;
/** In all, of all ways to fail. */
const loadMs = 60_000;
const tiers = ["front", "middle", "back"] as const;
type Counts = Readonly<Record<(typeof tiers)[number], number>>;

/** The contest. */
export function failingTiers(): Contest {
  return faultContest({
    title: "three tiers, everything failing",
    works: ways.map(workOf),
    rounds: 1,
    columns: {
      front: "attempts at the first",
      middle: "at the second",
      back: "at the last",
      good: "good",
      sent: "requests",
    },
    digits: { front: 3, middle: 3, back: 3 },
    asked: { front: 1.2, middle: 1.2, back: 1.2, good: 0 },
    notes: [
      "attempts for each request of a client, a minute in all; without breakers, with which there would be fewer than one",
      "drop: it breaks the connection, and is not tried for a second; shed: it has too much to do; break: 500; hang: no answer",
    ],
    start: failing,
  });
}

function workOf(how: string): string {
  return `GET, ${perSecond}/s for ${loadMs / ways.length / 1_000} s: ${how}`;
}

async function failing() {
  const subject = await startSubject({ file: "./tiers/system.ts", placement: "each" });
  const countsOf = async () => (await (await fetch(`${subject.url}/front/counts`)).json()) as Counts;
  async function turn(work: string): Promise<Measures> {
    const before = await countsOf();
    const how = ways.find((each) => workOf(each) === work)!;
    const requests = [{ name: how, path: `/front/work?how=${how}` }];
    const answers = await subject.load({ perSecond, ms: loadMs / ways.length, requests });
    const after = await countsOf();
    const attempts = tiers.map((tier) => [tier, (after[tier] - before[tier]) / answers.length]);
    return {
      ...Object.fromEntries(attempts),
      good: answers.filter(({ isGood }) => isGood).length,
      sent: answers.length,
    };
  }
  return { turn, stop: subject.stop };
}
