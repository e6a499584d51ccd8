/**
 * A system from its start to its end, for as long as this process lives: what `start`, `dev` and the background program share.
 *
 *     start ──▶ tell what failed ──▶ nothing runs? stop, and exit as the first failure says
 *                                ──▶ ready file, ready line ──▶ until it stops ──▶ 0
 *
 * The first signal drains, the second kills. One that comes while the system is starting is obeyed as soon as it has started;
 * a second then ends this process, and with it everything that is attached to it.
 */
import process from "node:process";
import { CantleError, systemClock } from "@cantle/core";
import { type RunningSystem, startSystem } from "@cantle/host";
import { type InstanceRow, type LogLine, stopOnSignals } from "@cantle/supervisor";
import { createNarrator } from "./narrator.ts";
import { prepareReadyFile, type ReadyFacts, readyFacts, readyLine, removeReadyFile, writeReadyFile } from "./ready.ts";
import type { StartRequest } from "./start-request.ts";
import type { Terminal } from "./terminal.ts";
import { isPlatform } from "./units.ts";

/** As a shell says it of what Ctrl-C ended. */
const killedExit = 130;
/** How long killing may take before this process ends whatever is still in it. */
const killedMs = 1_000;

/** How it is to stay. */
export interface Staying {
  readonly mode: "attached" | "background";
  /** Go on though no service runs: an edit may mend it. */
  readonly patient?: boolean;
  readonly onLine?: (line: LogLine) => void;
  /** Called once it is ready and that has been told; what it answers with is called before the system stops. */
  readonly onReady?: (running: RunningSystem, facts: ReadyFacts) => (() => Promise<void>) | void;
}

/** Starts a system and waits until it has stopped, whoever asked for that. Answers with the exit code. */
export async function stay(terminal: Terminal, request: StartRequest, staying: Staying): Promise<number> {
  const { readyFile } = request;
  const { mode, onLine, patient = false } = staying;
  const narrator = createNarrator(terminal, patient);
  if (readyFile !== undefined) prepareReadyFile(readyFile);
  const starting = startSystem({
    ...request,
    env: terminal.env,
    mode,
    onEvent: narrator.onEvent,
    ...(onLine && { onLine }),
  });
  // Who waits for the file must not find it any more once no call is taken.
  const withdraw = () => readyFile !== undefined && removeReadyFile(readyFile);
  const ending = endOnSignals(terminal, starting, withdraw);
  try {
    const running = await starting;
    try {
      narrator.tellErrors(running.list());
      const end = Promise.race([running.stopped, ending.failed]);
      if (ending.asked()) await end;
      else {
        refuseUseless(running, patient);
        await end.finally(tellReady(terminal, running, { request, staying }));
      }
    } catch (error) {
      await running.stop();
      throw error;
    }
    return ending.killed() ? killedExit : 0;
  } finally {
    withdraw();
    ending.forget();
  }
}

interface Ending {
  /** Rejects when stopping fails. */
  readonly failed: Promise<never>;
  /** True once somebody has asked for it. */
  asked(): boolean;
  /** True when somebody did not want to wait for the drain. */
  killed(): boolean;
  forget(): void;
}

function endOnSignals({ err, paintErr }: Terminal, starting: Promise<RunningSystem>, onStop: () => void): Ending {
  const failed = Promise.withResolvers<never>();
  // Nobody waits for it while the system is still starting.
  failed.promise.catch(() => {});
  let running: RunningSystem | undefined;
  let asked = false;
  let killed = false;
  const started = starting.then(
    (value) => {
      running = value;
      return value;
    },
    () => undefined,
  );
  const forget = stopOnSignals(
    {
      async stop() {
        const when =
          running === undefined ? "stopping as soon as it has started" : "stopping: calls in flight are finished";
        asked = true;
        onStop();
        err(paintErr("dim", `${when}; press Ctrl-C again to end at once`));
        await (await started)?.stop().catch(failed.reject);
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
  return { failed: failed.promise, asked: () => asked, killed: () => killed, forget };
}

/** Throws where there is no use in going on: the gateway does not listen, or no service runs. */
function refuseUseless(running: RunningSystem, patient: boolean): void {
  const rows = running.list();
  const isReady = (row: InstanceRow) => row.state === "ready";
  const lost = rows.filter((row) => isPlatform(row.unit) && !isReady(row));
  const serves = rows.some((row) => !isPlatform(row.unit) && isReady(row) && row.services.length > 0);
  if (lost.length === 0 && (serves || patient)) return;
  // What failed has been told already; here it only gives its code.
  const [cause] = (lost.length > 0 ? lost : rows).flatMap(({ lastError }) => lastError ?? []);
  const why = lost.length > 0 ? `${lost.map(({ unit }) => unit).join(" and ")} failed` : "no service of it runs";
  throw new CantleError(cause?.code ?? "SERVICE_BROKEN", `'${running.system.name}' was not started: ${why}`);
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
  const facts = readyFacts(running);
  if (request.readyFile !== undefined) writeReadyFile(request.readyFile, facts);
  if (request.json) terminal.out(JSON.stringify(facts));
  else terminal.out(readyLine(facts, systemClock.nowMs(), terminal.paintOut));
  return staying.onReady?.(running, facts) ?? (async () => {});
}
