/** What overload leaves of a service: five times the calls that it can answer, from clients who wait a second and no longer. */
import type { Column, Contest, Contestant, Measures } from "../harness/contest.ts";
import { mainThreadUs } from "../harness/cpu.ts";
import type { LoadOrder } from "../harness/http-load.ts";
import type { Driven } from "../harness/part.ts";
import { type RemotePart, type Shared, shared, startPart } from "../harness/start-part.ts";
import type { CrowdOrder, CrowdSecond } from "./crowd.ts";

const at = (file: string) => new URL(file, import.meta.url).href;
const work = "5 times its capacity, 30 s";
const times = 5;
const overloadMs = 30_000;
const peakMs = 5_000;
const afterMs = 15_000;
const patienceMs = 1_000;
/** Few enough that nobody waits long, enough that there is always one to serve. */
const peakConnections = 4;

const columns: readonly Column[] = [
  { measure: "goodShare", title: "good, of peak", digits: 2 },
  { measure: "goodPerSecond", title: "good/s", digits: 0 },
  { measure: "offeredPerSecond", title: "offered/s", digits: 0 },
  { measure: "p50Ms", title: "good p50 ms", digits: 0 },
  { measure: "refusedShare", title: "refused", digits: 2 },
  { measure: "leftShare", title: "client left", digits: 2 },
  { measure: "backSeconds", title: "normal after s", digits: 0 },
  { measure: "restarts", title: "restarts", digits: 0 },
];

/** The contests. */
export async function contests(): Promise<Contest[]> {
  const peak = shared(() => startPart(at("../harness/http-load.ts"), "httpLoad"));
  const crowd = shared(() => startPart(at("./crowd.ts"), "crowd"));
  const named = (name: string, stage: () => Promise<RemotePart>): Contestant => ({
    name,
    async start() {
      const part = await stage();
      return { turn: () => suffer(part, { peak, crowd }), stop: () => part.stop() };
    },
  });
  const targets = ["cantle, split", "cantle, one process"].flatMap((contestant) => [
    { contestant, work, measure: "goodShare", atLeast: 0.9 },
    { contestant, work, measure: "backSeconds", atMost: 10 },
    { contestant, work, measure: "restarts", atMost: 0 },
  ]);
  return [
    {
      title: "overload",
      works: [work],
      columns: () => columns,
      rounds: 1,
      turnMs: 0,
      warmMs: 0,
      contestants: [
        named("cantle, split", () => startPart(at("./cantle.ts"), "start", ["each"])),
        named("cantle, one process", () => startPart(at("./cantle.ts"), "start", ["one"])),
        named("node:http", () => startPart(at("./node-http.ts"), "listen")),
      ],
      targets,
      notes: [
        "some 5 ms of a core for each call; a good answer is a 200 within a second, whose client is still there",
        "good, of peak: per second in which the service's thread did not wait for a processor that others had",
        "normal after: half of its capacity is offered; from then on three seconds in a row have 99 % good answers",
      ],
      close: async () => void (await Promise.all([peak.stop(), crowd.stop()])),
    },
  ];
}

interface Generators {
  readonly peak: Shared;
  readonly crowd: Shared;
}

/** Measures the capacity, then what is left of it, then how soon all is well again. */
async function suffer(part: RemotePart, { peak, crowd }: Generators): Promise<Measures> {
  const generator = await peak.get();
  const capacity = await undisturbed(part, async () => {
    const requests = ["GET /work HTTP/1.1\r\nhost: {host}\r\n\r\n"];
    const order = { url: part.url!, ms: peakMs, connections: peakConnections, requests } satisfies LoadOrder;
    return (await generator.drive<Driven>(order)).calls;
  });
  const send = async (perSecond: number, ms: number) =>
    (await crowd.get()).drive<CrowdSecond[]>({
      url: `${part.url}/work`,
      perSecond,
      ms,
      patienceMs,
    } satisfies CrowdOrder);
  let seconds: readonly CrowdSecond[] = [];
  const overloaded = await undisturbed(part, async () => {
    seconds = await send(times * capacity.perSecond, overloadMs);
    return sum(seconds, "good");
  });
  const after = await send(capacity.perSecond / 2, afterMs);
  const sent = sum(seconds, "sent");
  return {
    goodShare: overloaded.undisturbedPerSecond / capacity.undisturbedPerSecond,
    goodPerSecond: overloaded.perSecond,
    offeredPerSecond: times * capacity.perSecond,
    p50Ms: sum(seconds, "p50Ms") / seconds.length,
    refusedShare: sum(seconds, "refused") / sent,
    leftShare: sum(seconds, "left") / sent,
    backSeconds: normalFrom(after),
    restarts: await part.drive<number>({}),
  };
}

/** How often something was done in a second, and how often it would have been with a processor for the service alone. */
async function undisturbed({ pids: [pid = 0] }: RemotePart, act: () => Promise<number>) {
  const [before, startMs] = [mainThreadUs(pid), performance.now()];
  const count = await act();
  const [after, elapsedMs] = [mainThreadUs(pid), performance.now() - startMs];
  const ranUs = after.ranUs - before.ranUs;
  const perSecond = (count / elapsedMs) * 1_000;
  return { perSecond, undisturbedPerSecond: (perSecond * (ranUs + after.waitedUs - before.waitedUs)) / ranUs };
}

/** The first of three seconds in a row in which all was well; as many as there were, when it never was. */
function normalFrom(seconds: readonly CrowdSecond[]): number {
  const isWell = ({ sent, good }: CrowdSecond) => good >= 0.99 * sent;
  const from = seconds.findIndex((_, at) => at + 2 < seconds.length && seconds.slice(at, at + 3).every(isWell));
  return from < 0 ? seconds.length : from;
}

function sum(seconds: readonly CrowdSecond[], measure: keyof CrowdSecond): number {
  return seconds.reduce((total, second) => total + second[measure], 0);
}
