import { mkdtemp } from "node:fs/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { systemClock as clock, systemRandom } from "@cantle/core";
import { silentLogger as log } from "@cantle/telemetry";
import { openMemoryBroker } from "../memory.ts";
import { connectAs, serveBroker } from "./fixture.ts";
import { openRemoteBroker } from "./remote-broker.ts";
const t: any = { after() {} };
const random = systemRandom();
const data = new Uint8Array(200).fill(0x31);
const N = 400_000;
async function run(broker: any, label: string, cpu0: any) {
  const start = performance.now();
  let got = 0; const done = Promise.withResolvers<void>();
  await broker.log.consume("shop.sold", "readers", { inFlightMax: 2000, leaseMs: 30000, from: { kind: "first" }, onDelivery: (d: any) => { d.ack().then(() => { if (++got === N) done.resolve(); }, (e: any) => console.log(e)); } });
  let sent = 0;
  const pub = async (k: number) => { for (;;) { if (sent >= N) return; const i = sent++; await broker.log.append("shop.sold", [{ id: "m" + i, source: "shop", time: "2026-01-02T03:04:05.678Z", key: "k" + (i % 1000), data }]); } };
  await Promise.all(Array.from({ length: 1000 }, (_, k) => pub(k)));
  const sentMs = performance.now() - start;
  await done.promise;
  const ms = performance.now() - start;
  const cpu = process.cpuUsage(cpu0);
  console.log(label, Math.round(N / ms * 1000), "msg/s; published at", Math.round(N / sentMs * 1000), "cpu us/msg", ((cpu.user + cpu.system) / N).toFixed(2));
}
if (process.argv[2] === "server") {
  const engine = openMemoryBroker({ clock });
  const f = await serveBroker(t, engine);
  process.send!(f.address);
  process.on("message", () => { process.send!({ cpu: process.cpuUsage() }); setTimeout(() => process.exit(0), 100); });
} else if (process.argv[2] === "memory") {
  await run(openMemoryBroker({ clock }), "memory", process.cpuUsage());
} else {
  const child = spawn(process.execPath, [...(process.env.PROF ? ["--cpu-prof","--cpu-prof-dir=/tmp/m1"] : []), import.meta.filename, "server"], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const [address] = await once(child, "message");
  const broker = await openRemoteBroker({ client: connectAs(t, address as string), clock, random, log });
  await run(broker, "remote", process.cpuUsage());
  child.send("x"); const [m] = await once(child, "message"); console.log("server cpu us/msg", ((m as any).cpu.user + (m as any).cpu.system) / N);
  await once(child,"exit"); process.exit(0);
}
