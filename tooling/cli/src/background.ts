/**
 * The program behind `cantle start --background`. It is told over its channel what to start, and reports there until the
 * system is ready; what it says later goes to its log file only.
 *
 * A starter that goes away before that is a Ctrl-C: the system stops.
 */
import process from "node:process";
import { painter } from "./colours.ts";
import { printFailure } from "./failure.ts";
import type { StartRequest } from "./start-request.ts";
import { stay } from "./stay.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/** What it is told. */
export interface BackgroundOrder {
  readonly request: StartRequest;
  readonly coloured: { readonly out: boolean; readonly err: boolean };
}

/** What it reports. */
export type BackgroundMessage = { readonly kind: "out" | "err"; readonly line: string } | { readonly kind: "ready" };

// A log that cannot be written, as the disk is full, ends nothing.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
/** When the last message has been sent; an exit before that would lose it. */
let told = Promise.resolve();
const order = await new Promise<BackgroundOrder>((resolve) => void process.once("message", resolve));
const stopWhenAbandoned = () => void process.kill(process.pid, "SIGTERM");
process.once("disconnect", stopWhenAbandoned);
const exit = await run(order);
await told;
process.exit(exit);

async function run({ request, coloured }: BackgroundOrder): Promise<number> {
  const terminal = reportingTerminal(coloured);
  try {
    return await stay(terminal, request, { mode: "background", onReady: part });
  } catch (error) {
    return printFailure(terminal, error);
  }
}

/** Speaks to the starter while there is one, and to the log file always. */
function reportingTerminal(coloured: BackgroundOrder["coloured"]): Terminal {
  const own = processTerminal();
  const report = (kind: "out" | "err", line: string) => {
    own[kind](line);
    tell({ kind, line });
  };
  return {
    ...own,
    out: (line) => report("out", line),
    err: (line) => report("err", line),
    paintOut: painter(coloured.out),
    paintErr: painter(coloured.err),
  };
}

function part(): void {
  process.off("disconnect", stopWhenAbandoned);
  tell({ kind: "ready" });
  process.channel?.unref();
}

/** A starter that goes away in the middle of a message is no failure of ours. */
function tell(message: BackgroundMessage): void {
  if (process.connected) told = new Promise((resolve) => void process.send?.(message, () => resolve()));
}
