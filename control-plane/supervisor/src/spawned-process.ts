/** A process that is our own child: spawned in a group of its own, spoken to over the channel that Node keeps to it. */
import { type ChildProcess, spawn } from "node:child_process";
import { CantleError, type Clock } from "@cantle/core";
import type { Output } from "./output.ts";
import { identify } from "./process-identity.ts";
import type { ProcessEars, RunningProcess } from "./running-process.ts";
import type { ProcessSpec } from "./spec.ts";

/** How long the last lines of an ended process are waited for, when something else still holds its output open. */
const lastLinesMs = 250;

/** What it is spawned with. */
export interface SpawnSetting {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: Output;
}

/** Spawns it. Rejects with what the system answered when there is no such program or folder. */
export function spawnProcess(
  spec: ProcessSpec,
  { clock, env, output }: SpawnSetting,
  ears: ProcessEars,
): RunningProcess | Promise<never> {
  const stdio = output.kind === "file" ? output.descriptor : "pipe";
  const refused = Promise.withResolvers<never>();
  const child = spawn(spec.command, [...spec.args], {
    cwd: spec.cwd,
    env: { ...env, ...spec.env },
    detached: true,
    stdio: ["ignore", stdio, stdio, "ipc"],
  });
  // Also emitted when a signal or a message did not arrive; then the end of the process tells the rest.
  child.on("error", refused.reject);
  if (child.pid === undefined) return refused.promise;
  refused.promise.catch(() => {});
  child.on("message", (message) => ears.hear(message));
  child.on("exit", (exit, signal) => ears.ended({ exit, signal }));
  if (output.kind === "pipe") {
    child.stdout?.on("data", (bytes) => output.stdout.write(bytes));
    child.stderr?.on("data", (bytes) => output.stderr.write(bytes));
  }
  const identity = identify(child.pid);
  if (identity === undefined) throw unknowable(child);
  return {
    identity,
    tell(message) {
      // A channel that is closed by now says nothing the end of the process does not.
      if (child.connected) child.send(message, () => {});
    },
    lastLines: () => lastLines(child, output, clock),
  };
}

/** What cannot be found again is told nothing, and so ends by itself; this only makes it sooner. */
function unknowable(child: ChildProcess): CantleError {
  child.kill("SIGKILL");
  return new CantleError("INTERNAL", "the start of the process cannot be read");
}

async function lastLines(child: ChildProcess, output: Output, clock: Clock): Promise<void> {
  const streams = [child.stdout, child.stderr].filter((stream) => stream != null);
  if (streams.some((stream) => !stream.readableEnded)) {
    const closed = Promise.withResolvers<void>();
    child.once("close", () => closed.resolve());
    const timer = clock.after(lastLinesMs, () => closed.resolve());
    await closed.promise;
    timer.cancel();
  }
  for (const stream of streams) stream.destroy();
  if (output.kind !== "pipe") return;
  output.stdout.end();
  output.stderr.end();
}
