/** A million messages of 200 B that wait in one queue: opened again and again, each time in a new process, and drained. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom } from "@cantle/core";
import type { Delivery } from "@cantle/messaging";
import { segmentLog } from "@cantle/segment-log";
import { silentLogger } from "@cantle/telemetry";
import { residentMiB } from "../harness/cpu.ts";
import type { Part } from "../harness/part.ts";
import { data } from "./drive.ts";

const queue = "bench.backlog";
const messagesMax = 1_000_000;
const batch = 1_000;

function open(folder: string) {
  const url = `segment-log:${folder}`;
  return segmentLog.open({ url, clock: systemClock, random: systemRandom(), log: silentLogger });
}

/** Makes the backlog; `at` is where it is. */
export async function fill(): Promise<Part> {
  const folder = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const broker = await open(folder);
  for (let from = 0; from < messagesMax; from += batch) {
    const time = new Date().toISOString();
    const messages = Array.from({ length: batch }, (_, at) => ({ id: `m-${from + at}`, source: "bench", time, data }));
    await broker.queue!.send(queue, messages);
  }
  await broker.close();
  return { at: folder, stop: () => rm(folder, { recursive: true, force: true }) };
}

/** Opens it and waits for the first delivery; says how long that took, and what the process weighs then. */
export async function first(folder: string): Promise<Part> {
  const startMs = performance.now();
  const broker = await open(folder);
  const delivered = Promise.withResolvers<void>();
  const onDelivery = () => delivered.resolve();
  await broker.queue!.consume(queue, { inFlightMax: 100, leaseMs: 60_000, onDelivery });
  await delivered.promise;
  const facts = { firstMs: String(performance.now() - startMs), residentMiB: String(residentMiB([process.pid])) };
  return { facts, stop: () => broker.close() };
}

/** Opens it and takes and acks everything; says how long that took, and the most that the process weighed. Then it is empty. */
export async function drain(folder: string): Promise<Part> {
  const broker = await open(folder);
  const startMs = performance.now();
  const drained = Promise.withResolvers<void>();
  let ackedCount = 0;
  const onDelivery = async (delivery: Delivery) => {
    await delivery.ack();
    if (++ackedCount === messagesMax) drained.resolve();
  };
  await broker.queue!.consume(queue, { inFlightMax: 1_000, leaseMs: 60_000, onDelivery });
  await drained.promise;
  const perSecond = messagesMax / ((performance.now() - startMs) / 1_000);
  // KiB, the most that ever were.
  const peakMiB = process.resourceUsage().maxRSS / 1_024;
  return { facts: { perSecond: String(perSecond), residentMiB: String(peakMiB) }, stop: () => broker.close() };
}
