/** A broker that is killed, again and again, in the middle of its work: what was acknowledged, and is it there? */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Contest, Measures } from "../harness/contest.ts";
import { startPart } from "../harness/start-part.ts";
import { outbox } from "./outbox.ts";
import { openBroker, queue } from "./worker.ts";

const work = "kill -9 while publishing";
const workMsMin = 100;
const workMsMax = 900;

/** What was said of messages in all rounds so far. */
type Said = Readonly<Record<"stored" | "taken" | "acked", Set<string>>>;

/** The contests. */
export async function contests(): Promise<Contest[]> {
  return [killed, outbox];
}

const killed: Contest = {
  title: "durability",
  works: [work],
  columns: () => [
    { measure: "stored", title: "acknowledged", digits: 0 },
    { measure: "lost", title: "lost", digits: 0 },
    { measure: "again", title: "acked, and there again", digits: 0 },
    { measure: "startMs", title: "start ms", digits: 0 },
  ],
  rounds: 100,
  turnMs: 0,
  warmMs: 0,
  contestants: [
    {
      name: "cantle, embedded",
      async start() {
        const folder = await mkdtemp(join(tmpdir(), "cantle-bench-"));
        const said: Said = { stored: new Set(), taken: new Set(), acked: new Set() };
        let round = 0;
        const turn = () => kill(folder, { said, round: round++ });
        return { turn, stop: () => rm(folder, { recursive: true, force: true }) };
      },
    },
  ],
  // Medians hide the one bad round: a round that loses anything throws instead.
  targets: [{ contestant: "cantle, embedded", work, measure: "lost", atMost: 0 }],
  notes: [
    "the same folder in every round; a round that loses a message, or gives one again that was acked, ends the contest",
  ],
};

/** One round: it works, it is killed, it is opened again. */
async function kill(folder: string, { said, round }: { said: Said; round: number }): Promise<Measures> {
  const diary = join(folder, `diary-${round}`);
  const broker = join(folder, "broker");
  const part = await startPart(new URL("./worker.ts", import.meta.url).href, "start", [broker, diary]);
  await delay(workMsMin + ((round * 137) % (workMsMax - workMsMin)));
  process.kill(part.pids[0]!, "SIGKILL");
  await part.stop();
  const before = said.stored.size;
  await readDiary(diary, said);
  const startMs = performance.now();
  const opened = await openBroker(broker);
  const took = performance.now() - startMs;
  const there = new Set((await opened.queue!.peek(queue, Number.MAX_SAFE_INTEGER)).map(({ id }) => id));
  await opened.close();
  const lost = [...said.stored].filter((id) => !said.taken.has(id) && !there.has(id)).length;
  const again = [...said.acked].filter((id) => there.has(id)).length;
  if (lost > 0 || again > 0) throw new Error(`round ${round}: ${lost} lost, ${again} there again`);
  return { stored: said.stored.size - before, lost, again, startMs: took };
}

async function readDiary(path: string, said: Said): Promise<void> {
  const lines = (await readFile(path, "utf8")).split("\n").slice(0, -1);
  for (const line of lines) {
    const [what, id] = line.split(" ") as [keyof Said, string];
    said[what].add(id);
  }
}
