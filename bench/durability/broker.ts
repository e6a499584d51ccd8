/**
 * A broker that is killed in the middle of publishing. Each round works in the folder that the rounds before it left, is killed, and
 * everything is looked at: what was acknowledged is there, what was acked is not. After ten rounds a new folder begins, so that
 * a round looks at ten rounds of messages at most.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Contest, Entrant, Measures } from "../harness/contest.ts";
import { startPart } from "../harness/start-part.ts";
import { moments, seed } from "./moments.ts";
import { openBroker, queue } from "./worker.ts";

const work = "kill -9 while publishing";
const roundsPerFolder = 10;

/** What was said of messages in the rounds of one folder. */
type Said = Readonly<Record<"stored" | "taken" | "acked", Set<string>>>;

/** The contest. */
export const broker: Contest = {
  title: "durability of the broker",
  works: [work],
  columns: () => [
    { measure: "stored", title: "acknowledged", digits: 0 },
    { measure: "waiting", title: "not yet acked", digits: 0 },
    { measure: "lost", title: "lost", digits: 0 },
    { measure: "again", title: "acked, and there again", digits: 0 },
    { measure: "startMs", title: "start ms", digits: 0 },
  ],
  rounds: 100,
  turnMs: 0,
  warmMs: 0,
  contestants: [{ name: "cantle, embedded", start: async () => rounds() }],
  // Medians hide the one bad round: a round that loses anything throws instead.
  targets: ["lost", "again"].map((measure) => ({ contestant: "cantle, embedded", work, measure, atMost: 0 })),
  notes: [
    `seed ${seed}; a new folder every ${roundsPerFolder} rounds; the figures are medians of a round`,
    "a round that loses a message, or gives one again that was acked, ends the contest",
  ],
};

function rounds(): Entrant {
  const nextMs = moments(100, 900);
  let folder = "";
  let said: Said = saidNothing();
  let round = 0;
  const clear = () => rm(folder, { recursive: true, force: true });
  return {
    async turn() {
      if (round % roundsPerFolder === 0) {
        await clear();
        folder = await mkdtemp(join(tmpdir(), "cantle-bench-"));
        said = saidNothing();
      }
      return kill(folder, { said, round: round++, afterMs: nextMs() });
    },
    stop: clear,
  };
}

interface Round {
  readonly said: Said;
  readonly round: number;
  readonly afterMs: number;
}

/** One round: it works, it is killed, it is opened again. */
async function kill(folder: string, { said, round, afterMs }: Round): Promise<Measures> {
  const diary = join(folder, `diary-${round}`);
  const part = await startPart(new URL("./worker.ts", import.meta.url).href, "start", [join(folder, "broker"), diary]);
  await delay(afterMs);
  process.kill(part.pids[0]!, "SIGKILL");
  await part.stop();
  const before = said.stored.size;
  await readDiary(diary, said);
  const startMs = performance.now();
  const opened = await openBroker(join(folder, "broker"));
  const tookMs = performance.now() - startMs;
  const there = new Set((await opened.queue!.peek(queue, Number.MAX_SAFE_INTEGER)).map(({ id }) => id));
  await opened.close();
  const lost = [...said.stored].filter((id) => !said.taken.has(id) && !there.has(id)).length;
  const again = [...said.acked].filter((id) => there.has(id)).length;
  if (lost > 0 || again > 0) throw new Error(`round ${round} of seed ${seed}: ${lost} lost, ${again} there again`);
  return { stored: said.stored.size - before, waiting: there.size, lost, again, startMs: tookMs };
}

function saidNothing(): Said {
  return { stored: new Set(), taken: new Set(), acked: new Set() };
}

/** The last line may be half written. */
async function readDiary(path: string, said: Said): Promise<void> {
  const lines = (await readFile(path, "utf8")).split("\n").slice(0, -1);
  for (const line of lines) {
    const [what, id] = line.split(" ") as [keyof Said, string];
    said[what].add(id);
  }
}
