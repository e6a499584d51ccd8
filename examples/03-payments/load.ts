/**
 * `npm run load`: the payments under a load that comes and goes, and a line each second of who runs. Everything is on this host, and it ends
 * by itself: a calm, a rush, and a calm until there is one instance again, or two minutes have passed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as moment } from "node:timers/promises";
import { startSystem } from "@cantle/host";
import { startTraffic, type Traffic } from "./traffic.ts";

const calm = 4;
const rush = 40;
const calmSeconds = 8;
const rushSeconds = 30;
const calmSecondsMax = 120;
const units = ["inquiry", "payment", "settlement"];

const home = await mkdtemp(join(tmpdir(), "payments-"));
const running = await startSystem({
  file: join(import.meta.dirname, "system.ts"),
  port: 0,
  env: { ...process.env, CANTLE_HOME: home, LOG_LEVEL: "error" },
  onEvent: (event) => event.kind === "scaled" && console.log(`        ${event.unit}: ${event.reason}`),
});
try {
  const traffic = startTraffic(running.addresses.gateway, calm);
  console.log(["  time", "at once", "calls/s", "failed", "p95 ms", ...units].join("  "));
  await show(traffic, { seconds: calmSeconds, atOnce: calm });
  traffic.workers(rush);
  await show(traffic, { seconds: rushSeconds, atOnce: rush });
  traffic.workers(calm);
  await show(traffic, { seconds: calmSecondsMax, atOnce: calm, isOver: () => countOf("inquiry") === 1 });
  await traffic.stop();
  const failed = traffic.ended.filter(({ isGood }) => !isGood).length;
  console.log(`${traffic.ended.length} requests, ${failed} failed`);
} finally {
  await running.stop();
  await rm(home, { recursive: true });
}

function countOf(unit: string): number {
  return running.list().filter((row) => row.unit === unit && row.state === "ready").length;
}

interface Phase {
  readonly seconds: number;
  readonly atOnce: number;
  readonly isOver?: () => boolean;
}

/** A line each second, of what has ended in it. */
async function show({ ended }: Traffic, { seconds, atOnce, isOver = () => false }: Phase): Promise<void> {
  for (let second = 0; second < seconds && !isOver(); second++) {
    const before = ended.length;
    await moment(1_000);
    const now = ended.slice(before);
    const took = now.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
    const p95Ms = Math.round(took[Math.floor(took.length * 0.95)] ?? 0);
    const failed = now.filter(({ isGood }) => !isGood).length;
    const figures = [Math.round(process.uptime()), atOnce, now.length, failed, p95Ms, ...units.map(countOf)];
    console.log(
      figures.map((figure, at) => `${figure}`.padStart([6, 7, 7, 6, 6][at] ?? units[at - 5]?.length ?? 0)).join("  "),
    );
  }
}
