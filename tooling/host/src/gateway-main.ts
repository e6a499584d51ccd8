/**
 * The program of the unit `gateway`: it holds the port, and workers (`main.ts`) that listen on it are the gateway. It takes no
 * connection itself and loads next to nothing, so there is nothing in it to crash and little to restart it for.
 *
 *     supervisor ──── spec, renew, drain ───▶ this ──── spec, drain ────▶ workers ◀──── connections, from the kernel
 *                ◀── ready, load, renewed ───      ◀── ready, load ──────
 */
import cluster from "node:cluster";
import process from "node:process";
import { CantleError, createStarted, type Started, systemClock, systemRandom } from "@cantle/core";
import { attachToSupervisor, type Handover } from "@cantle/supervisor/child";
import { GatewayWorkers } from "./gateway-workers.ts";
import type { HostHandover } from "./handover.ts";

// Timers of the platform never keep a process alive, and while it starts there may be nothing else that does.
setInterval(() => {}, 60_000);
// Workers take connections from one queue of the kernel's, so none is lost when one of them leaves.
cluster.schedulingPolicy = cluster.SCHED_NONE;
const started = createStarted();
const workers = new GatewayWorkers(systemClock, cluster);
// It loads its modules while we wait to be told the rest.
workers.prepare();
started.add(() => workers.stop());
const attachment = attachToSupervisor({
  clock: systemClock,
  random: systemRandom(),
  onDrain: () => started.stop(),
  onRenew: (data) => workers.renew(data as HostHandover),
  counts: workers.load,
});
const handover = await attachment.handover;
if (handover === undefined) {
  process.stderr.write(
    "error[USAGE]: this program is started by a supervisor\n  help: run `cantle start` or `cantle dev`\n",
  );
  process.exit(2);
}
try {
  await begin(handover);
} catch (error) {
  const told = workers.failure;
  await (told === undefined ? attachment.failed(error) : attachment.failedAs(told.code, told.text));
}

async function begin(told: Handover): Promise<void> {
  const { openAdmin } = await import("./admin.ts");
  const [admin] = await Promise.all([openAdminOf(openAdmin, started), workers.start(told)]);
  const ready = () => attachment.ready({ addresses: [...workers.addresses(admin)], services: [] });
  workers.onMoved = ready;
  ready();
}

async function openAdminOf(open: typeof import("./admin.ts").openAdmin, until: Started): Promise<string> {
  const check = () => {
    const missing = workers.missing();
    if (missing > 0) throw new CantleError("UNAVAILABLE", `${missing} of the gateway's workers are not ready`);
  };
  const { address } = await open(
    { title: "gateway", clock: systemClock, contracts: [], checks: { workers: check } },
    until,
  );
  return address;
}
