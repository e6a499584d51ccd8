/** Why a process ended or must end: one clear error, and whether starting it again can mend it. */
import { existsSync } from "node:fs";
import { CantleError, type Code, codes, explainError } from "@cantle/core";
import type { InstanceError, ProcessSpec } from "./spec.ts";

/** A failure of one process. */
export interface Failure {
  readonly error: InstanceError;
  /** False when the next start would end the same way: wrong usage, config or contract, a missing environment. */
  readonly mendable: boolean;
}

/** Exit codes of the table that the next start would only repeat. */
const lastingExits: readonly number[] = [2, 3, 5];
/**
 * What a silent end before it was ready must have said to count as lasting: config or contract invalid. One that was ready had
 * started with them.
 */
const configExit = 3;
/** How many lines of a process that ended by itself are its last words. */
const lastWordsMax = 60;
/** What the kernel answers when it is short of something; that passes. */
const passing: readonly string[] = ["EAGAIN", "EMFILE", "ENFILE", "ENOMEM"];

/** True for an error that another start may mend. */
export function isMendable(code: Code): boolean {
  return !lastingExits.includes(codes[code].exit);
}

/** It said itself why it cannot run. */
export function toldFailure(code: Code, text: string): Failure {
  return { error: { code, text }, mendable: isMendable(code) };
}

/** It threw on our side of the start. */
export function thrownFailure(error: CantleError): Failure {
  return toldFailure(error.code, explainError(error));
}

/** It was not ready in time. */
export function lateFailure(spec: ProcessSpec): Failure {
  return thrownFailure(
    new CantleError("START_TIMEOUT", `'${spec.instance}' was not ready within ${spec.readyTimeoutMs} ms`, {
      place: placeOf(spec),
      help: logsHelp(spec),
    }),
  );
}

/** It said nothing any more, and was killed for it. */
export function stalledFailure(spec: ProcessSpec, stalledAfterMs: number): Failure {
  return thrownFailure(
    new CantleError("INSTANCE_STALLED", `'${spec.instance}' said nothing for ${stalledAfterMs} ms and was killed`, {
      place: placeOf(spec),
      help: `look for what blocked its event loop; ${logsHelp(spec)}`,
    }),
  );
}

/** It wanted more memory than it may have. */
export function memoryFailure(spec: ProcessSpec, how: "killed" | "heap"): Failure {
  const { memoryBytesMax } = spec.limits ?? {};
  const limit = memoryBytesMax === undefined ? "" : ` (its limit is ${Math.round(memoryBytesMax / 2 ** 20)} MiB)`;
  const what = how === "heap" ? "ran out of heap" : "took more memory than it may and was killed";
  return thrownFailure(
    new CantleError("INSTANCE_OUT_OF_MEMORY", `'${spec.instance}' ${what}${limit}`, {
      place: placeOf(spec),
      help: `give the unit a higher limit, or look for what it keeps; ${logsHelp(spec)}`,
    }),
  );
}

/** True for what a Node.js says that ends because its heap is full; in its last lines, as a stack follows. */
export function saysHeapIsFull(lines: readonly string[]): boolean {
  return lines.slice(-lastWordsMax).some((line) => /^(\S+ )*FATAL ERROR: .*JavaScript heap out of memory/.test(line));
}

/** It ended, and nobody had asked it to. */
export function endedFailure(
  spec: ProcessSpec,
  end: { exit: number | null; signal: string | null; wasReady: boolean },
): Failure {
  const how = end.exit !== null ? ` with exit code ${end.exit}` : end.signal === null ? "" : ` by ${end.signal}`;
  const code = end.exit === configExit && !end.wasReady ? "CONFIG_INVALID" : "INSTANCE_CRASHED";
  return thrownFailure(
    new CantleError(code, `'${spec.instance}' ended${how}${end.wasReady ? "" : " before it was ready"}`, {
      place: placeOf(spec),
      help: logsHelp(spec),
    }),
  );
}

/** It could not be spawned. The system says ENOENT for a missing program and a missing folder alike; a user needs to know. */
export function spawnFailure(spec: ProcessSpec, cause: unknown): Failure {
  const reason = (cause as NodeJS.ErrnoException).code ?? "";
  const error = !existsSync(spec.cwd)
    ? new CantleError("CONFIG_INVALID", `the folder '${spec.cwd}' of '${spec.instance}' does not exist`, {
        place: placeOf(spec),
      })
    : reason === "ENOENT"
      ? new CantleError("COMMAND_MISSING", `the command '${spec.command}' of '${spec.instance}' does not exist`, {
          place: placeOf(spec),
          help: "install it, or write its whole path",
        })
      : new CantleError("CONFIG_INVALID", `'${spec.instance}' cannot be spawned`, { place: placeOf(spec), cause });
  return { ...thrownFailure(error), mendable: passing.includes(reason) };
}

function placeOf(spec: ProcessSpec): string {
  return `units.${spec.unit}`;
}

function logsHelp(spec: ProcessSpec): string {
  return `read what it wrote with \`cantle logs ${spec.unit}\``;
}
