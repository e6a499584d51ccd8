/** What overload leaves of a service: five times the calls that it can answer, from clients who wait a second and no longer. */
import type { Column, Contest, Contestant, Measures } from "../harness/contest.ts";
import { coreBusyUs, coresAllowed, cpuUs, familyOf } from "../harness/cpu.ts";
import type { LoadOrder } from "../harness/http-load.ts";
import type { Driven } from "../harness/part.ts";
import { type RemotePart, type Shared, shared, startPartOn } from "../harness/start-part.ts";
import type { CrowdOrder, CrowdSecond } from "./crowd.ts";

const at = (file: string) => new URL(file, import.meta.url).href;
const work = "5 times its capacity, 30 s";
const times = 5;
const overloadMs = 30_000;
const warmMs = 2_000;
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
  { measure: "crowdShare", title: "load's core busy", digits: 2 },
];

/** What is measured has one core for itself, all of its processes together, and the load another one. */
const [ownCore = 0] = coresAllowed();
const loadCore = coresAllowed().at(-1) ?? 0;

/** The contests. */
export async function contests(): Promise<Contest[]> {
  const peak = shared(() => startPartOn(loadCore, { url: at("../harness/http-load.ts"), name: "httpLoad" }));
  const crowd = shared(() => startPartOn(loadCore, { url: at("./crowd.ts"), name: "crowd" }));
  const named = (contestant: string, what: { file: string; name: string; args?: readonly unknown[] }): Contestant => ({
    name: contestant,
    async start() {
      const part = await startPartOn(ownCore, { url: at(what.file), name: what.name, args: what.args ?? [] });
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
        named("cantle, split", { file: "./cantle.ts", name: "start", args: ["each"] }),
        named("cantle, one process", { file: "./cantle.ts", name: "start", args: ["one"] }),
        named("node:http", { file: "./node-http.ts", name: "listen" }),
      ],
      targets,
      notes: [
        "some 5 ms of a core for each call; a good answer is a 200 within a second, whose client is still there",
        "each has one core for all of its processes, gateway and all; the load has another one",
        "good, of peak: per second in which nobody else had that core; the peak is measured before and after, likewise, and the mean counts",
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

/** Measures the capacity, then what is left of it, then how soon all is well again; and the capacity again, as machines have moods. */
async function suffer(part: RemotePart, { peak, crowd }: Generators): Promise<Measures> {
  const [generator, clients] = [await peak.get(), await crowd.get()];
  const requests = ["GET /work HTTP/1.1\r\nhost: {host}\r\n\r\n"];
  const most = (ms: number) =>
    generator.drive<Driven>({ url: part.url!, ms, connections: peakConnections, requests } satisfies LoadOrder);
  const send = (perSecond: number, ms: number) =>
    clients.drive<CrowdSecond[]>({ url: `${part.url}/work`, perSecond, ms, patienceMs } satisfies CrowdOrder);
  await most(warmMs);
  const measured = () => undisturbed(part, async () => (await most(peakMs)).calls);
  const capacity = await measured();
  let seconds: readonly CrowdSecond[] = [];
  const crowdUs = cpuUs([clients.pid]);
  const overloaded = await undisturbed(part, async () => {
    seconds = await send(times * capacity.perSecond, overloadMs);
    return sum(seconds, "good");
  });
  const crowdShare = (cpuUs([clients.pid]) - crowdUs) / 1_000 / overloaded.elapsedMs;
  const after = await send(capacity.perSecond / 2, afterMs);
  const capacityAfter = await measured();
  const sent = sum(seconds, "sent");
  return {
    goodShare:
      (2 * overloaded.undisturbedPerSecond) / (capacity.undisturbedPerSecond + capacityAfter.undisturbedPerSecond),
    goodPerSecond: overloaded.perSecond,
    offeredPerSecond: times * capacity.perSecond,
    p50Ms: sum(seconds, "p50Ms") / seconds.length,
    refusedShare: sum(seconds, "refused") / sent,
    leftShare: sum(seconds, "left") / sent,
    backSeconds: normalFrom(after),
    restarts: await part.drive<number>({}),
    crowdShare,
  };
}

/** How often something was done in a second, and how often in one in which nobody else had the core. */
async function undisturbed({ pid }: RemotePart, act: () => Promise<number>) {
  const used = () => ({ allUs: coreBusyUs(ownCore), ownUs: cpuUs(familyOf(pid)), atMs: performance.now() });
  const before = used();
  const count = await act();
  const after = used();
  const elapsedMs = after.atMs - before.atMs;
  const othersMs = Math.max(0, after.allUs - before.allUs - (after.ownUs - before.ownUs)) / 1_000;
  return {
    elapsedMs,
    perSecond: (count / elapsedMs) * 1_000,
    undisturbedPerSecond: (count / (elapsedMs - othersMs)) * 1_000,
  };
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
