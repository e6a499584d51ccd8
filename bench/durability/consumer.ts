/**
 * A consumer that is killed in the middle of handling: a service that writes each message it takes into its database, in a table without
 * any constraint. Its inbox has to see to it that each message has its effect once, however often it is delivered.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type RunningSystem, startSystem } from "@cantle/host";
import type { Contest, Entrant, Measures } from "../harness/contest.ts";
import { moments, seed } from "./moments.ts";

const work = "kill -9 while handling";
const writersMax = 8;
const each = 40;
/** Longer than a message waits that has to be handled alone. */
const settleMs = 60_000;

/** The contest. */
export const consumer: Contest = {
  title: "durability of a consumer's effects",
  works: [work],
  columns: () => [
    { measure: "open", title: "unhandled at the kill", digits: 0 },
    { measure: "lost", title: "lost", digits: 0 },
    { measure: "doubled", title: "doubled", digits: 0 },
    { measure: "disordered", title: "out of order", digits: 0 },
    { measure: "tookMs", title: "took ms", digits: 0 },
  ],
  rounds: 100,
  turnMs: 0,
  warmMs: 0,
  contestants: [{ name: "cantle", start }],
  targets: ["lost", "doubled", "disordered"].map((measure) => ({ contestant: "cantle", work, measure, atMost: 0 })),
  notes: [
    `seed ${seed}; ${writersMax * each} messages a round, over all rounds counted after each`,
    "a round that loses, doubles or misorders an effect ends the contest",
  ],
};

async function start(): Promise<Entrant> {
  const home = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const file = fileURLToPath(new URL("./journal/system.ts", import.meta.url));
  const env = { ...process.env, CANTLE_HOME: home, LOG_LEVEL: "error" };
  const running = await startSystem({ file, placement: "each", port: 0, env });
  const rounds = new Rounds(running);
  return {
    turn: () => rounds.next(),
    async stop() {
      await running.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

interface Copies {
  readonly count: number;
  readonly distinct: number;
  readonly disordered: number;
}

/** Round after round in one system. */
class Rounds {
  readonly #running: RunningSystem;
  readonly #nextMs = moments(0, 100);
  /** How many messages there were in all. */
  #wanted = 0;

  constructor(running: RunningSystem) {
    this.#running = running;
  }

  /** One round: it has begun to handle, it is killed, it is started again and handles the rest. */
  async next(): Promise<Measures> {
    const startMs = performance.now();
    let open = await this.#begin();
    // All was handled when the moment came: that is no kill in the middle of it.
    while (open === 0) open = await this.#begin();
    const { pid } = this.#running.list().find(({ unit }) => unit === "copies")!;
    process.kill(pid!, "SIGKILL");
    // Somebody asks for it, so it is not held back as a service would be that falls again and again by itself.
    await this.#running.restart("copies");
    await this.#handled(this.#wanted);
    const { count, distinct, disordered } = await this.#check();
    const [lost, doubled] = [this.#wanted - distinct, count - distinct];
    if (lost + doubled + disordered > 0)
      throw new Error(`of seed ${seed}: ${lost} lost, ${doubled} doubled, ${disordered} out of order`);
    return { open, lost, doubled, disordered, tookMs: performance.now() - startMs };
  }

  /** Has more to handle, and lets it begin; answers with how much is left at the moment for a kill. */
  async #begin(): Promise<number> {
    const before = this.#wanted;
    const writers = Array.from({ length: writersMax }, (_, at) => `writer ${at} after ${before}`);
    await this.#fill(writers);
    this.#wanted += writersMax * each;
    await this.#handled(before + 1);
    await delay(this.#nextMs());
    return this.#wanted - (await this.#count());
  }

  async #fill(writers: readonly string[]): Promise<void> {
    const response = await fetch(`${this.#running.addresses.gateway}/entries/many`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": `after-${this.#wanted}` },
      body: JSON.stringify({ writers, count: each }),
    });
    if (!response.ok) throw new Error(`refused with ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  }

  /** Resolves when so many were handled, or that takes too long. */
  async #handled(count: number): Promise<void> {
    const untilMs = performance.now() + settleMs;
    while (performance.now() < untilMs && (await this.#count()) < count) await delay(5);
  }

  async #count(): Promise<number> {
    return (await this.#get<{ count: number }>("/copies/count"))?.count ?? 0;
  }

  /** What came twice may have been counted for what is still to come. */
  async #check(): Promise<Copies> {
    const untilMs = performance.now() + settleMs;
    for (;;) {
      const copies = await this.#get<Copies>("/copies");
      const isLate = performance.now() > untilMs;
      if (copies !== undefined && (copies.distinct >= this.#wanted || isLate)) return copies;
      if (isLate) throw new Error("the copies cannot be read");
      await delay(100);
    }
  }

  async #get<Answer>(path: string): Promise<Answer | undefined> {
    const response = await fetch(`${this.#running.addresses.gateway}${path}`);
    if (response.ok) return (await response.json()) as Answer;
    await response.arrayBuffer();
    return undefined;
  }
}
