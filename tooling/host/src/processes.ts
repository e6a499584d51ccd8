/** A system as processes: a plan becomes process specs, and the supervisor keeps them running. */
import { createStarted, systemClock, systemRandom } from "@cantle/core";
import { openSupervisor, type Supervisor, type SupervisorEvent } from "@cantle/supervisor";
import type { ScalingPolicy } from "@cantle/supervisor/scaling";
import type { Plan } from "@cantle/system";
import { silentLogger } from "@cantle/telemetry";
import { socketOf } from "./addresses.ts";
import { followBacklog } from "./backlog.ts";
import { openIssuer } from "./control.ts";
import { createEdits } from "./edits.ts";
import { createGate } from "./gate.ts";
import { interruptible } from "./interruptible.ts";
import { createRetirement } from "./retirement.ts";
import { createSources } from "./sources.ts";
import { specsOf } from "./specs.ts";
import type { RunningSystem, StartOptions } from "./start-options.ts";
import type { SystemStart } from "./system-start.ts";

/** Is told what happens to instances. */
interface HappeningListener {
  note(event: SupervisorEvent): void;
}

/** Starts every unit as a process. Resolves when each is ready or has said why it cannot be. */
export async function startProcesses(start: SystemStart): Promise<RunningSystem> {
  const { system, folder, home, options } = start;
  const { env, signal } = options;
  const started = createStarted();
  try {
    const time = { clock: systemClock, random: systemRandom() };
    const settings = { folder, home, env };
    const control = socketOf(home, "control");
    const issuer = await openIssuer({ system: system.name, settings, log: silentLogger, ...time }, started);
    const gate = createGate();
    const gateway = createGatewayPort();
    const retirement = createRetirement({ issuer, control, settings, ...time });
    const watching = supervision(options, [gate, gateway, retirement]);
    const { specs, renew } = specsOf(start, { issuer, control, gate, gatewayPort: gateway.port });
    const scaling = scalingIn(start.plan);
    const { plan } = start;
    const backlog = followBacklog({ system, plan, settings, clock: time.clock });
    started.add(() => backlog.stop());
    const { waiting } = backlog;
    const supervisor = await openSupervisor({ folder: home, ...time, ...watching, scaling, waiting, renew });
    started.add(() => supervisor.stop());
    started.add(() => retirement.stop());
    await interruptible(supervisor.start(specs), signal);
    void supervisor.stopped.then(() => started.stop());
    return runningOf(start, supervisor);
  } catch (error) {
    await started.stop();
    throw error;
  }
}

function scalingIn({ units }: Plan): Record<string, ScalingPolicy> {
  return Object.fromEntries(units.flatMap(({ name, scaling }) => (scaling === undefined ? [] : [[name, scaling]])));
}

function supervision(
  { env, mode = "attached", onEvent, onLine }: StartOptions,
  listeners: readonly HappeningListener[],
) {
  const watched = (event: SupervisorEvent) => {
    for (const listener of listeners) listener.note(event);
    onEvent?.(event);
  };
  return { env, mode, onEvent: watched, ...(onLine && { onLine }) };
}

function runningOf({ system, plan, options }: SystemStart, supervisor: Supervisor): RunningSystem {
  const sources = createSources(system, options.file);
  const edits = createEdits(supervisor, (event) => options.onEvent?.(event));
  return {
    system,
    get addresses() {
      const gateway = supervisor.list().find((row) => row.unit === "gateway");
      return { gateway: gateway?.addresses[0] ?? "" };
    },
    list: () => supervisor.list(),
    restart: (unit) => supervisor.restart(unit),
    async reload(files) {
      const units = sources.unitsOf(files, plan);
      const restarts = units.map((unit) => edits.restart(unit));
      const isNew = await Promise.all(restarts);
      return units.filter((_, at) => isNew[at]);
    },
    stop: () => supervisor.stop(),
    kill: () => supervisor.kill(),
    stopped: supervisor.stopped,
  };
}

/** Remembers where the gateway listened last. */
function createGatewayPort(): HappeningListener & { readonly port: () => number | undefined } {
  let port: number | undefined;
  return {
    port: () => port,
    note(event) {
      if ((event.kind === "ready" || event.kind === "adopted") && event.unit === "gateway")
        port = portOf(event.addresses[0]);
    },
  };
}

function portOf(address = ""): number | undefined {
  return URL.canParse(address) ? Number(new URL(address).port) : undefined;
}
