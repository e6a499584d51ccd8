/** kill -9 of one of two instances, and what it costs those who call them. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Answer, failedOf, quantileMs } from "../harness/answers.ts";
import type { Contest, Measures } from "../harness/contest.ts";
import type { OpenRequest } from "../harness/open-load.ts";
import { startPart } from "../harness/start-part.ts";
import { faultContest, perSecond, type Subject, startLoad, startSubject } from "./subject.ts";

const loadMs = 8_000;
const calmMs = 2_000;
const gets: OpenRequest = { name: "GET", path: "/shelf/look" };
const posts: OpenRequest = { name: "POST", path: "/shelf/books", body: '{"key":"{key}"}' };
const columns = { failed: "failed", sent: "requests", slowestMs: "slowest ms" };
const title = "kill -9 of one of two instances";

/** The contests: ours, of what may be repeated and of what may not, and what it costs where nothing is done about it. */
export function killed(): Contest[] {
  const ours = { rounds: 3, start: async () => killing(await startSubject({ set: ["shelf.journal={home}/journal"] })) };
  const columnsOfPosts = { ...columns, twice: "done twice", lost: "answered, not done" };
  return [
    faultContest({ ...ours, title, works: [`GET, ${perSecond}/s`], columns, asked: { failed: 0 } }),
    faultContest({
      ...ours,
      title,
      works: [`POST, ${perSecond}/s`],
      columns: columnsOfPosts,
      asked: { failed: 3, twice: 0, lost: 0 },
      notes: ["each POST has a key of its own, which the service writes down whenever it does it"],
    }),
    faultContest({
      title: `${title}, behind a plain proxy`,
      works: [`GET, ${perSecond}/s`, `POST, ${perSecond}/s`],
      rounds: 1,
      columns,
      asked: {},
      contestant: "node:http",
      start: killingPlain,
      notes: ["each request to the next of two, nothing sent again; the killed one is back after a second"],
    }),
  ];
}

function killing(subject: Subject) {
  const journal = join(subject.home, "journal");
  async function turn(work: string): Promise<Measures> {
    await writeFile(journal, "");
    const [victim] = await subject.ready("shelf");
    const loading = subject.load({ perSecond, ms: loadMs, requests: [work.startsWith("GET") ? gets : posts] });
    await delay(calmMs);
    process.kill(victim!.pid!, "SIGKILL");
    const answers = await loading;
    return { ...tally(answers), ...booked(answers, (await readFile(journal, "utf8")).split("\n").filter(Boolean)) };
  }
  return { turn, stop: subject.stop };
}

async function killingPlain() {
  const [proxy, generator] = await Promise.all([
    startPart(new URL("./plain-proxy.ts", import.meta.url).href, "start"),
    startLoad(),
  ]);
  async function turn(work: string): Promise<Measures> {
    const requests = [work.startsWith("GET") ? gets : posts];
    const loading = generator.drive<Answer[]>({ url: proxy.url!, perSecond, ms: loadMs, requests });
    await delay(calmMs);
    await proxy.drive("kill");
    return tally(await loading);
  }
  return { turn, stop: async () => void (await Promise.all([proxy.stop(), generator.stop()])) };
}

function tally(answers: readonly Answer[]): Measures {
  return { failed: failedOf(answers), sent: answers.length, slowestMs: quantileMs(answers, 1) };
}

/** What was done more than once, and what was not done though it was answered; of GETs nothing is written down. */
function booked(answers: readonly Answer[], done: readonly string[]): Measures {
  const keys = new Set(done);
  const answered = answers.filter(({ name, isGood }) => name === posts.name && isGood);
  return { twice: done.length - keys.size, lost: answered.filter(({ key }) => !keys.has(key)).length };
}
