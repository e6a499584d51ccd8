/** `cantle dev`: runs a system here, shows what it writes, and restarts the units whose sources change. */
import { basename } from "node:path";
import { explainError, systemClock } from "@cantle/core";
import type { RunningSystem } from "@cantle/host";
import { curlToTry } from "../example-call.ts";
import { printError } from "../failure.ts";
import { createLineFormat } from "../log-lines.ts";
import { spanText } from "../output.ts";
import type { ReadyFacts } from "../ready.ts";
import { isNotRunning } from "../running-system.ts";
import { type StartArguments, type StartRequest, startRequest } from "../start-request.ts";
import { stay } from "../stay.ts";
import type { Terminal } from "../terminal.ts";
import { watchSources } from "../watch.ts";

/** Runs it. */
export async function dev(terminal: Terminal, options: StartArguments, named?: string): Promise<number> {
  const request = startRequest(terminal, options, named);
  const format = createLineFormat(terminal.paintErr);
  return stay(terminal, request, {
    mode: "attached",
    patient: true,
    watch: true,
    onLine: (line) => terminal.err(format(line)),
    onReady: (running, facts) => develop(terminal, request, { running, facts }),
  });
}

interface Developed {
  readonly running: RunningSystem;
  readonly facts: ReadyFacts;
}

/** Watches from now on. The call to try is looked for meanwhile, and shown when it is found. */
function develop(terminal: Terminal, request: StartRequest, { running, facts }: Developed): () => Promise<void> {
  if (!request.json) void showCall(terminal, request, facts);
  const say = (line: string) => terminal.err(terminal.paintErr("dim", line));
  const watching = watchSources(request.folder, (files) => reload(terminal, running, files), systemClock);
  void watching.then(() => say("watching for edits; Ctrl-C stops"));
  return async () => (await watching).stop();
}

async function showCall({ out, paintOut }: Terminal, { file }: StartRequest, facts: ReadyFacts): Promise<void> {
  const call = await curlToTry({ file, url: facts.url, services: facts.services });
  if (call !== undefined) out(`${paintOut("dim", "try")} ${call}`);
}

/** Restarts what the files belong to. A broken edit is told, and the next one is waited for. */
async function reload(terminal: Terminal, running: RunningSystem, files: readonly string[]): Promise<void> {
  const { err, paintErr } = terminal;
  const sinceMs = systemClock.nowMs();
  try {
    const units = await running.reload(files);
    if (units.length === 0) return;
    const ready = new Set(running.list().flatMap(({ unit, state }) => (state === "ready" ? [unit] : [])));
    const restarted = units.filter((unit) => ready.has(unit));
    // What did not become ready has said why.
    if (restarted.length === 0) return;
    const cause = paintErr("dim", `(${files.map((file) => basename(file)).join(", ")})`);
    err(
      `${paintErr("green", "restarted")} ${restarted.join(", ")} in ${spanOf(systemClock.nowMs() - sinceMs)} ${cause}`,
    );
  } catch (error) {
    // An edit that comes while it is stopping.
    if (!isNotRunning(error)) printError(terminal, explainError(error));
  }
}

/** Restarts are short, so they are told in ms. */
function spanOf(spanMs: number): string {
  return spanMs < 1000 ? `${Math.round(spanMs)} ms` : spanText(spanMs);
}
