/**
 * An external service: a program, the sidecar through which it calls, and the watch over its health.
 *
 *     sidecar ─▶ free port ─▶ spawned with PORT ─▶ looked at until well ─▶ shown ─▶ looked at every second ─▶ hidden, shown
 *                                   │ ends by itself                        │
 *                                   └───────────────────────────────────────┴──▶ `ended`: whoever started it starts it again
 *
 * Between choosing a port and the program's own listening another program may take it. Then this one ends or is never well,
 * and the next start chooses another.
 */
import { type AddressInfo, createServer } from "node:net";
import { resolve } from "node:path";
import { type Caller, CantleError, createStarted, type Running } from "@cantle/core";
import type { OutboundHost } from "@cantle/mesh";
import type { External, System } from "@cantle/system";
import { createCheck, isExposed } from "./external-check.ts";
import { type Health, type HealthAction, healthLimits, nextHealth } from "./external-health.ts";
import { type ProgramOutput, startProgram } from "./external-program.ts";
import { startSidecar } from "./external-sidecar.ts";
import { externalOf, placeOf } from "./external-source.ts";
import { interruptible } from "./interruptible.ts";
import type { Settings } from "./settings.ts";

/** What an external service is started with. */
export interface ExternalStart {
  readonly system: System;
  readonly service: string;
  /** Its way out. */
  readonly mesh: OutboundHost;
  /** Whom a caller assertion speaks for. Throws `UNAUTHENTICATED` for a bad one. */
  readonly callerOf: (assertion: string) => Caller | Promise<Caller>;
  readonly settings: Settings;
  readonly output: ProgramOutput;
  /** True where a supervisor minds the process group of this process. */
  readonly minded: boolean;
  /** Tells the registry. Called whenever the state changes, and once before the start is done. */
  readonly announce: (state: "ready" | "draining", address: string) => void | Promise<void>;
  /** Breaks a start off that is not done. */
  readonly signal?: AbortSignal | undefined;
}

/** An external service that runs. */
export interface RunningExternal extends Running {
  readonly address: string;
  /** Resolves when the program has ended, with how; never rejects. */
  readonly ended: Promise<CantleError>;
}

const host = "127.0.0.1";
const lookEveryMs = 1_000;
/** While it starts; a fast program is found ready fast. */
const startLookEveryMs = 50;
const exposed =
  "listens on every address of this machine, so whoever reaches it gets past the gateway; let it listen on HOST";

/**
 * Starts an external service; resolves when it is well and announced. Throws `COMMAND_MISSING` or `CONFIG_INVALID`
 * when the command cannot be run, `INSTANCE_CRASHED` when the program ends, `START_TIMEOUT` when it is not well in time; then nothing is left of it.
 */
export async function startExternal(start: ExternalStart): Promise<RunningExternal> {
  const { system, service, mesh, callerOf, settings, output, minded, signal } = start;
  const { clock, random } = mesh;
  const place = placeOf(system, service);
  const source = externalOf(system, service);
  const started = createStarted();
  try {
    const token = random.hex(32);
    const sidecar = await startSidecar({ service, uses: source.uses ?? [], token, mesh, callerOf });
    started.add(() => sidecar.stop(0));
    const port = await freePort();
    const told = { PORT: String(port), HOST: host, CANTLE_URL: sidecar.address, CANTLE_TOKEN: token };
    const program = await startProgram({
      service,
      place,
      command: source.command,
      cwd: resolve(settings.folder, source.cwd ?? ""),
      env: { ...settings.env, ...source.env, ...told },
      output,
      minded,
      clock,
    });
    started.add(() => program.stop());
    const watch = watchHealth(start, source, port);
    started.add(() => watch.stop());
    const ended = program.ended.then((error) => Promise.reject(error));
    await interruptible(Promise.race([watch.shown, ended]), signal);
    return { address: `http://${host}:${port}`, ended: program.ended, stop: () => started.stop() };
  } catch (error) {
    await started.stop();
    throw error;
  }
}

interface Watch extends Running {
  /** Resolves when the program was well for the first time; rejects with `START_TIMEOUT`. */
  readonly shown: Promise<void>;
}

/** Looks at the program, and announces what it sees. */
function watchHealth({ system, service, mesh, announce }: ExternalStart, source: External, port: number): Watch {
  const { clock, log } = mesh;
  const check = createCheck({ host, port, path: source.health, clock });
  const address = `http://${host}:${port}`;
  const shown = Promise.withResolvers<void>();
  let health: Health = { kind: "starting", sinceMs: clock.nowMs() };
  let timer = { cancel() {} };
  let stopped = false;

  async function look(): Promise<void> {
    const fault = await check.look();
    if (stopped) return;
    const { state, action } = nextHealth(health, { well: fault === undefined, nowMs: clock.nowMs() });
    const isBack = health.kind === "unwell" && action === "show";
    health = state;
    if (isBack) log.info(`'${service}' is well again`);
    await act(action, fault ?? "");
    if (!stopped) timer = clock.after(health.kind === "starting" ? startLookEveryMs : lookEveryMs, () => void look());
  }

  async function act(action: HealthAction, fault: string): Promise<void> {
    switch (action) {
      case "show":
        await announce("ready", address);
        shown.resolve();
        if (await isExposed(port, clock)) log.warn(`'${service}' ${exposed}`);
        return;
      case "hide":
        log.warn(`'${service}' is out of traffic until it is well again`, { fault: `it ${fault}` });
        await announce("draining", address);
        return;
      case "give-up":
        shown.reject(notWell(placeOf(system, service), `'${service}' ${fault} on port ${port}`));
        return;
      case "none":
        return;
    }
  }

  void look();
  return {
    shown: shown.promise,
    async stop() {
      stopped = true;
      timer.cancel();
      await check.close();
    },
  };
}

function notWell(place: string, fault: string): CantleError {
  const seconds = healthLimits.startMsMax / 1_000;
  return new CantleError("START_TIMEOUT", `${fault}, ${seconds} s after its start`, {
    place,
    help: "let it listen on the HOST and PORT of its environment, and name in `health` a path that answers 2xx",
  });
}

/** A port that is free just now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, host, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
