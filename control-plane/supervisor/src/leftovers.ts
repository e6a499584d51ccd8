/**
 * The processes that a killed supervisor left behind, as far as the state file remembers them. A process is only touched
 * when it is the very one that was recorded (pid, start and boot), never because of its name.
 *
 * A recorded leader that is gone while children of it live on in its group is not touched either: nothing proves whose
 * group that is by then.
 */
import type { Clock, Random } from "@cantle/core";
import { folderOf, makeFolder } from "./folder.ts";
import { lockFolder } from "./folder-lock.ts";
import { until } from "./patience.ts";
import { isAlive, signal } from "./process-identity.ts";
import { type ProcessRecord, readState, removeState } from "./state-file.ts";

/** How long a killed process may take to vanish. */
const killedMs = 2000;

/** What was recorded and still lives; asks nobody, changes nothing. */
export function listLeftovers(system: string): readonly ProcessRecord[] {
  return (readState(folderOf(system).state)?.processes ?? []).filter(isAlive);
}

/** Ends what a killed supervisor left. Throws `ALREADY_RUNNING` when a living one owns the folder. */
export async function stopLeftovers(
  system: string,
  { clock, random }: { clock: Clock; random: Random },
): Promise<readonly ProcessRecord[]> {
  const folder = folderOf(system);
  makeFolder(folder);
  const lock = await lockFolder(folder.run, { clock, random });
  try {
    return await endLeftovers(system, clock);
  } finally {
    lock.release();
  }
}

/** The same, for whoever holds the lock already. The last one spawned ends first. */
export async function endLeftovers(system: string, clock: Clock): Promise<readonly ProcessRecord[]> {
  const leftovers = listLeftovers(system);
  for (const record of leftovers.toReversed()) await endLeftover(record, clock);
  removeState(folderOf(system).state);
  return leftovers;
}

/** Ends one of them, and resolves when it is gone. */
export async function endLeftover(record: ProcessRecord, clock: Clock): Promise<void> {
  const gone = () => !isAlive(record);
  if (gone()) return;
  signal(record.pid, "SIGTERM");
  const drained = await until(gone, clock, record.drainTimeoutMs);
  // The group may hold children of it still. Its number was ours a moment ago, too short for another to have got it.
  signal(record.pid, "SIGKILL", "group");
  if (!drained) await until(gone, clock, killedMs);
}
