/**
 * A process that an earlier supervisor spawned: not our child, so the kernel does not tell us when it ends, nor how. We look
 * whether the very process still lives: every second, and often while its line is down, which is how an end shows first.
 */
import type { Clock, Timer } from "@cantle/core";
import type { InstanceDoor } from "./instance-door.ts";
import { isAlive } from "./process-identity.ts";
import type { ProcessEars, RunningProcess } from "./running-process.ts";
import type { ProcessRecord } from "./state-file.ts";

const lookMs = 1_000;
/** While nothing is heard of it. */
const lookOftenMs = 50;

/** Takes a recorded process in hand; what it says begins with `here`, once it has found us. */
export function adoptProcess(
  record: ProcessRecord,
  { clock, door }: { readonly clock: Clock; readonly door: InstanceDoor },
  ears: ProcessEars,
): RunningProcess {
  const line = door.expect(record, (message) => ears.hear(message));
  let timer: Timer;
  const look = () => {
    if (isAlive(record)) {
      timer = clock.after(line.isOpen ? lookMs : lookOftenMs, look);
      return;
    }
    timer.cancel();
    line.forget();
    ears.ended({ exit: null, signal: null });
  };
  timer = clock.after(0, look);
  const { pid, start, boot } = record;
  return { identity: { pid, start, boot }, tell: (message) => line.tell(message), lastLines: async () => {} };
}
