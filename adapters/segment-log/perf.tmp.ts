import { mkdtempSync, rmSync } from "node:fs";
import { systemClock, systemRandom } from "/work/msg/foundation/core/src/index.ts";
import { silentLogger } from "/work/msg/foundation/telemetry/src/index.ts";
import { createSegmentLog } from "/work/msg/adapters/segment-log/src/engine.ts";
const kind = process.argv[2] ?? "queue", total = Number(process.argv[3] ?? 300000), publishers = Number(process.argv[4] ?? 8), batch = Number(process.argv[5] ?? 100), queues = Number(process.argv[6] ?? 1);
const folder = mkdtempSync("/work/tmp-m2-");
const broker = await createSegmentLog().open({ url: `segment-log:${folder}`, clock: systemClock, random: systemRandom(), log: silentLogger });
const data = new TextEncoder().encode(JSON.stringify({ x: "y".repeat(190) }));
let acked = 0; const done = Promise.withResolvers<void>();
const names = Array.from({ length: queues }, (_, i) => `bench.q${i}`);
for (const name of names) {
  const onDelivery = (d: any) => { d.ack().then(() => { if (++acked === total) done.resolve(); }); };
  const o = { inFlightMax: 1000, leaseMs: 30000, onDelivery };
  if (kind === "queue") await broker.queue!.consume(name, o); else await broker.log.consume(name, "g", { ...o, from: { kind: "first" } });
}
const c0 = process.cpuUsage(); const t = performance.now(); let sent = 0;
await Promise.all(Array.from({ length: publishers }, async (_, p) => {
  while (sent < total) {
    const n = Math.min(batch, total - sent); const base = sent; sent += n;
    const msgs = Array.from({ length: n }, (_, i) => ({ id: `0af7651916cd43dd-${base + i}`, source: "bench", time: "2026-01-02T03:04:05.678Z", key: kind === "topic" ? `k${(base + i) % 1000}` : undefined, data }));
    const name = names[p % queues]!;
    if (kind === "queue") await broker.queue!.send(name, msgs); else await broker.log.append(name, msgs);
  }
}));
const tp = performance.now() - t;
await done.promise; const ms = performance.now() - t; const c = process.cpuUsage(c0);
console.log(kind, `pub x${publishers} batch ${batch} queues ${queues}: publish ${(total / tp * 1000).toFixed(0)}/s end-to-end ${(total / ms * 1000).toFixed(0)}/s cpu ${((c.user + c.system) / total).toFixed(2)} us/msg rss ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`);
await broker.close(); rmSync(folder, { recursive: true });
