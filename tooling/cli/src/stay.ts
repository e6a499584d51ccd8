/**
 * A system from its start to its end, for as long as this process lives: what `start`, `dev` and the background program share.
 *
 *     start ──▶ tell what failed ──▶ nothing runs? stop, and exit as the first failure says
 *                                ──▶ ready file, ready line ──▶ until it stops ──▶ 0
 *
 * The first signal drains, the second kills. While the system is starting, the first breaks the start off and stops what runs
 * by then; a second ends this process, and with it everything that is attached to it.
 */
import process from "node:process";
import { CantleError, codes, systemClock } from "@cantle/core";
import { type RunningSystem, startSystem } from "@cantle/host";
import { type InstanceRow, type LogLine, stopOnSignals } from "@cantle/supervisor";
import { createNarrator } from "./narrator.ts";
import { prepareReadyFile, type ReadyFacts, readyFacts, readyLine, removeReadyFile, writeReadyFile } from "./ready.ts";
import type { StartRequest } from "./start-request.ts";
import type { Terminal } from "./terminal.ts";
import { isPlatform, isVital } from "./units.ts";

/** As a shell says it of what Ctrl-C ended. */
const killedExit = 130;
/** What was asked for, a running system, is not there. */
const stoppedExit = 1;
/** How long killing may take before this process ends whatever is still in it. */
const killedMs = 1_000;

/** How it is to stay. */
export interface Staying {
  readonly mode: "attached" | "background";
  /** Go on though no service runs: an edit may mend it. */
  readonly patient?: boolean;
  /** Everything shall be restartable, for edits. */
  readonly watch?: boolean;
  readonly onLine?: (line: LogLine) => void;
  /** Called once it is ready and that has been told; what it answers with is called before the system stops. */
  readonly onReady?: (running: RunningSystem, facts: ReadyFacts) => (() => Promise<void>) | void;
}

/** Starts a system and waits until it has stopped, whoever asked for that. Answers with the exit code. */
export async function stay(terminal: Terminal, request: StartRequest, staying: Staying): Promise<number> {
  const { readyFile } = request;
  const { mode, watch, onLine, patient = false } = staying;
  const narrator = createNarrator(terminal, patient);
  if (readyFile !== undefined) prepareReadyFile(readyFile);
  // Who waits for the file must not find it any more once no call is taken.
  const withdraw = () => readyFile !== undefined && removeReadyFile(readyFile);
  const ending = endOnSignals(terminal, withdraw);
  const { signal } = ending;
  try {
    const { env } = terminal;
    const { onEvent } = narrator;
    const running = await startSystem({ ...request, env, mode, watch, signal, onEvent, ...(onLine && { onLine }) });
    ending.stops(running);
    try {
      narrator.tellErrors(running.list());
      const end = Promise.race([running.stopped, ending.failed]);
      const useless = ending.asked() ? undefined : uselessExit(terminal, running, patient);
      if (ending.asked()) await end;
      else if (useless === undefined) await end.finally(tellReady(terminal, running, { request, staying }));
      else await running.stop();
      return ending.killed() ? killedExit : (useless ?? 0);
    } catch (error) {
      await running.stop();
      throw error;
    }
  } catch (error) {
    if (signal.aborted && error === signal.reason) return 0;
    throw error;
  } finally {
    withdraw();
    ending.forget();
  }
}

interface Ending {
  /** Breaks the start off. */
  readonly signal: AbortSignal;
  /** Says that the start is done, and what is to be stopped from now on. */
  stops(running: RunningSystem): void;
  /** Rejects when stopping fails. */
  readonly failed: Promise<never>;
  /** True once somebody has asked for it. */
  asked(): boolean;
  /** True when somebody did not want to wait for the drain. */
  killed(): boolean;
  forget(): void;
}

function endOnSignals({ err, paintErr }: Terminal, onStop: () => void): Ending {
  const failed = Promise.withResolvers<never>();
  // Nobody waits for it while the system is still starting.
  failed.promise.catch(() => {});
  const breakingOff = new AbortController();
  let running: RunningSystem | undefined;
  let asked = false;
  let killed = false;
  const stop = (started: RunningSystem) => started.stop().catch(failed.reject);
  const forget = stopOnSignals(
    {
      async stop() {
        asked = true;
        onStop();
        const how = running === undefined ? "the start is broken off" : "calls in flight are finished";
        err(paintErr("dim", `stopping: ${how}; press Ctrl-C again to end at once`));
        if (running !== undefined) await stop(running);
        else breakingOff.abort(new CantleError("CANCELLED", "the start was broken off"));
      },
      async kill() {
        killed = true;
        if (running === undefined) process.exit(killedExit);
        // What runs inside this process ends with it, if it does not end by itself.
        systemClock.after(killedMs, () => process.exit(killedExit));
        await running.kill().catch(failed.reject);
      },
    },
    process,
    systemClock,
  );
  return {
    signal: breakingOff.signal,
    stops(started) {
      running = started;
      // A signal that came in the very moment in which the start was done.
      if (asked) void stop(started);
    },
    failed: failed.promise,
    asked: () => asked,
    killed: () => killed,
    forget,
  };
}

/** The exit code, where there is no use in going on: the gateway does not listen, or no service runs. */
function uselessExit({ err, paintErr }: Terminal, running: RunningSystem, patient: boolean): number | undefined {
  const rows = running.list();
  const isReady = (row: InstanceRow) => row.state === "ready";
  const lost = rows.filter((row) => isVital(row.unit) && !isReady(row));
  const serves = rows.some((row) => !isPlatform(row.unit) && isReady(row) && row.services.length > 0);
  if (lost.length === 0 && (serves || patient)) return undefined;
  if (lost.length > 0 && lost.every(isLeaving)) {
    err(paintErr("dim", `'${running.system.name}' was stopped while it started`));
    return stoppedExit;
  }
  const why = lost.length > 0 ? `${lost.map(({ unit }) => unit).join(" and ")} failed` : "no service of it runs";
  err(paintErr("dim", `'${running.system.name}' was not started: ${why}`));
  // What failed has been told already; here it only gives its code.
  const [cause] = (lost.length > 0 ? lost : rows).flatMap(({ lastError }) => lastError ?? []);
  return codes[cause?.code ?? "SERVICE_BROKEN"].exit;
}

/** True for one that somebody at another terminal stops, as it has no failure of its own. */
function isLeaving({ state, lastError }: InstanceRow): boolean {
  return (state === "stopped" || state === "draining") && lastError === null;
}

interface ReadyTelling {
  readonly request: StartRequest;
  readonly staying: Staying;
}

/** Tells that the system is ready, everywhere somebody waits for it; answers with what to call before it stops. */
function tellReady(
  terminal: Terminal,
  running: RunningSystem,
  { request, staying }: ReadyTelling,
): () => Promise<void> {
  const facts = readyFacts(running, request.placement);
  if (request.readyFile !== undefined) writeReadyFile(request.readyFile, facts);
  if (request.json) terminal.out(JSON.stringify(facts));
  else terminal.out(readyLine(facts, systemClock.nowMs(), terminal.paintOut));
  return staying.onReady?.(running, facts) ?? (async () => {});
}
