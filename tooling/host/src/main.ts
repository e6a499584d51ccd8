/**
 * The program that runs a unit: what the supervisor is told to spawn. It learns from its supervisor what it is to become,
 * becomes that, and says when it is ready.
 */
import process from "node:process";
import { CantleError, delay, type Running, systemClock, systemRandom } from "@cantle/core";
import { attachToSupervisor, type Handover } from "@cantle/supervisor/child";
import type { HostHandover } from "./handover.ts";
import { interruptible } from "./interruptible.ts";
import { createLoadMeter } from "./load-meter.ts";
import { createShare } from "./share.ts";

/** What a role makes of a process. */
interface Became extends Running {
  stop(lingerMs?: number): Promise<void>;
  readonly addresses: readonly string[];
  readonly services: readonly string[];
}

// Timers of the platform never keep a process alive, and while it starts there may be nothing else that does.
const alive = setInterval(() => {}, 60_000);
/** How long a start that is broken off may take to undo itself; what never finishes loading is not waited for. */
const undoMs = 1_000;
const breakingOff = new AbortController();
let becoming: Promise<Became> | undefined;
let running: Became | undefined;
const meter = createLoadMeter(systemClock);
const share = createShare();
const attachment = attachToSupervisor({
  clock: systemClock,
  random: systemRandom(),
  onDrain: end,
  counts: meter.counts,
  onShare: share.set,
});
preload(process.argv[2]);

const handover = await attachment.handover;
if (handover === undefined) {
  process.stderr.write(
    "error[USAGE]: this program is started by a supervisor\n  help: run `cantle start` or `cantle dev`\n",
  );
  process.exit(2);
}
try {
  share.is(handover.release, handover.share);
  becoming = become(handover.data as HostHandover, handover);
  running = await becoming;
  attachment.ready(running);
  // From here on listeners keep the process alive, and it ends by itself when the last of them is closed.
  clearInterval(alive);
} catch (error) {
  // Whoever broke it off does not ask why it failed.
  if (!breakingOff.signal.aborted) await attachment.failed(error);
}

/** Drains what runs; a start that is not done is broken off. */
async function end(lingerMs: number): Promise<void> {
  if (running !== undefined) return running.stop(lingerMs);
  breakingOff.abort(new CantleError("CANCELLED", "it was stopped while it started"));
  const undone = becoming?.then((late) => late.stop()).catch(() => {});
  await Promise.race([undone, delay(systemClock, undoMs)]);
}

/** Loads what the role will need while the process waits to be told the rest; what fails here fails again where it is used. */
function preload(role: string | undefined): void {
  const modules = {
    control: () => import("./control-unit.ts"),
    broker: () => import("./broker-door.ts"),
    gateway: () => import("./gateway-unit.ts"),
    services: () => import("./unit.ts"),
    external: () => import("./external-unit.ts"),
  };
  for (const load of [
    () => import("./load-system.ts"),
    () => import("./log.ts"),
    modules[role as keyof typeof modules],
  ])
    load?.().catch(() => {});
}

async function become(
  data: HostHandover,
  who: Pick<Handover, "unit" | "instance" | "generation" | "mode">,
): Promise<Became> {
  const [{ loadSystem }, { processLogger }, { processNetwork }] = await Promise.all([
    import("./load-system.ts"),
    import("./log.ts"),
    import("./network.ts"),
  ]);
  const log = processLogger({
    level: data.logLevel,
    // A person reads along; a file is for programs.
    pretty: (process.env["LOG_FORMAT"] ?? (who.mode === "attached" ? "pretty" : "json")) === "pretty",
    write: (line) => process.stdout.write(line),
  });
  const start = {
    ...data,
    log,
    unit: who.unit,
    instance: `${who.instance}.${who.generation}`,
    settings: { ...data.settings, env: process.env },
    signal: breakingOff.signal,
    meter,
    share,
    system: await interruptible(loadSystem(data.file), breakingOff.signal),
    network: processNetwork(data.speak, data.settings.home),
  };
  switch (data.role.kind) {
    case "control":
      return (await import("./control-unit.ts")).startControlUnit({ ...start, socket: data.role.socket });
    case "broker":
      return (await import("./broker-door.ts")).startBrokerUnit(start);
    case "gateway":
      return (await import("./gateway-unit.ts")).startGatewayUnit({
        ...start,
        host: data.role.host,
        port: data.role.port,
        admin: false,
      });
    case "services":
      attachment.starting(data.role.services);
      return (await import("./unit.ts")).startUnit({ ...start, services: data.role.services });
    case "external":
      attachment.starting([data.role.service]);
      return (await import("./external-unit.ts")).startExternalUnit({ ...start, service: data.role.service });
  }
}
