/** The system that runs from a folder, as commands meet it. */
import { CantleError, isCantleError } from "@cantle/core";
import { connectSupervisor, type InstanceRow, listLeftovers, type SupervisorClient } from "@cantle/supervisor";
import { meantOf } from "./meant.ts";

/** Connects to it. Throws `NOT_RUNNING`; when it was killed and left processes behind, the help says so. */
export async function connectRunning(folder: string): Promise<SupervisorClient> {
  try {
    return await connectSupervisor(folder);
  } catch (error) {
    if (!isNotRunning(error)) throw error;
    const left = listLeftovers(folder);
    if (left.length === 0) throw error;
    throw new CantleError("NOT_RUNNING", "what held the system together was killed, and processes of it are left", {
      place: folder,
      help: `\`cantle start --background\` takes them over, \`cantle stop\` ends them: ${left.map(({ instance, pid }) => `${instance} (pid ${pid})`).join(", ")}`,
      cause: error,
    });
  }
}

/** True for the error that says so. */
export function isNotRunning(error: unknown): boolean {
  return isCantleError(error) && error.code === "NOT_RUNNING";
}

/** Checks that units of these names run. Throws `NOT_RUNNING` with what was meant. */
export function checkUnits(units: readonly string[], rows: readonly InstanceRow[]): void {
  const running = [...new Set(rows.map(({ unit }) => unit))];
  const unknown = units.find((unit) => !running.includes(unit));
  if (unknown === undefined) return;
  throw new CantleError("NOT_RUNNING", `no unit '${unknown}' runs here`, {
    help: meantOf(unknown, running) ?? `the units are ${running.join(", ")}`,
  });
}
