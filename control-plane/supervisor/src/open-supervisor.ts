/**
 * Opening a supervisor on a system's folder: everything it stands on, in order, and undone in reverse.
 *
 * Invariants: 1. one living supervisor to a folder; 2. what an earlier one left behind has ended before anything starts, or,
 * where both are in the background, is kept to be adopted; 3. the control door opens last and closes first.
 */
import { CantleError, type Clock, createStarted, type Random, type Started } from "@cantle/core";
import { openConfinement } from "./confinement/confinement.ts";
import { openDoor } from "./control-door.ts";
import { type Folder, folderOf, makeFolder } from "./folder.ts";
import { lockFolder } from "./folder-lock.ts";
import type { InstanceSetting } from "./instance.ts";
import { openInstanceDoor } from "./instance-door.ts";
import { type KeptFiles, keepFiles } from "./kept-files.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { endLeftovers } from "./leftovers.ts";
import { defaultLogFileLimits, type LogFileLimits } from "./log-file.ts";
import { createOutputs, type Outputs } from "./output.ts";
import { identify, isAlive } from "./process-identity.ts";
import { recordFile } from "./record-file.ts";
import { type BackOff, defaultBackOff } from "./restart-policy.ts";
import { isRolloutRecord } from "./rollout/rollouts.ts";
import type { ScalingPolicy } from "./scaling/policy.ts";
import { isScalingRecord, type Waiting } from "./scaling/scaling.ts";
import type { LogSink, Mode, ProcessSpec, SupervisorEvent } from "./spec.ts";
import { type ProcessRecord, readState } from "./state-file.ts";
import { Supervisor, type SupervisorSetting } from "./supervisor.ts";
import { createWarden, noWarden } from "./warden.ts";

/** What a supervisor is made with. */
export interface SupervisorOptions {
  /** The system's folder; `.cantle` is made in it. */
  readonly folder: string;
  readonly mode: Mode;
  readonly clock: Clock;
  readonly random: Random;
  /** The environment instances get, below what their spec says. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onEvent?: (event: SupervisorEvent) => void;
  /** Gets every line that instances write. */
  readonly onLine?: LogSink;
  /** Unit → how it is scaled. A unit that is not named has as many instances as it has specs. */
  readonly scaling?: Readonly<Record<string, ScalingPolicy>>;
  /** How many messages wait for a unit, for those that are scaled by it. Default: nobody knows. */
  readonly waiting?: Waiting;
  /** The same spec, made anew from what is on the disk now: what a new release is. Default: unchanged. */
  readonly renew?: (spec: ProcessSpec) => ProcessSpec;
  readonly backOff?: Partial<BackOff>;
  /** For background instances. */
  readonly logFiles?: Partial<LogFileLimits>;
}

/** Takes the folder, ends or keeps what an earlier supervisor left in it, and opens the control door. Throws `ALREADY_RUNNING`. */
export async function openSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const { mode, clock, random, env, onEvent = () => {} } = options;
  const folder = folderOf(options.folder);
  const opened = createStarted();
  const files = keepFiles(clock, onEvent);
  opened.add(() => files.stop());
  let isOpen = false;
  try {
    makeFolder(folder);
    const lock = await lockFolder(folder.run, { clock, random });
    opened.add(() => lock.release());
    const left = leftFor(mode, folder);
    if (left.length === 0) {
      for (const { unit, instance, pid } of await endLeftovers(options.folder, clock)) {
        onEvent({ kind: "leftover-stopped", unit, instance, pid });
      }
    }
    // Read before anything is changed: what cannot be understood stops us, and not what runs.
    const records = openRecords(folder, left, files);
    // What is written is about what runs: it goes when that has ended, and stays where we could not take over.
    const removed = [() => files.remove(folder.state), records.scaling.remove, records.rollouts.remove];
    opened.add(() => {
      if (isOpen || left.length === 0) for (const remove of removed) remove();
    });
    const outputs = openOutputs(folder, options, opened);
    const ledger = openLedger(folder, options, { left, files, opened });
    const backOff = { ...defaultBackOff, ...options.backOff };
    const confinement = openConfinement(options.folder, { clock, claim: env["CANTLE_CGROUP"] });
    opened.add(() => confinement.close());
    const { scaling = {}, waiting = () => undefined, renew = (spec) => spec } = options;
    const setting = { clock, random, env, mode, backOff, ledger, outputs, confinement, onEvent, opened, left };
    const supervisor = new Supervisor({
      ...setting,
      ...(await openInstances(folder, mode, opened)),
      scaling,
      waiting,
      renew,
      records,
    });
    const door = await openDoor(folder.socket, supervisor);
    opened.add(() => door.stop());
    isOpen = true;
    return supervisor;
  } catch (error) {
    await opened.stop();
    throw error;
  }
}

/** What is to be adopted: of a supervisor in the background by another one. Attached instances end with theirs anyway. */
function leftFor(mode: Mode, folder: Folder): readonly ProcessRecord[] {
  if (mode !== "background") return [];
  const state = readState(folder.state);
  return state?.mode === "background" ? state.processes : [];
}

async function openInstances(
  folder: Folder,
  mode: Mode,
  opened: Started,
): Promise<Pick<InstanceSetting, "door" | "redial">> {
  if (mode === "attached") return { redial: null };
  const door = await openInstanceDoor(folder.instances);
  opened.add(() => door.stop());
  return { door, redial: folder.instances };
}

/** What an earlier supervisor decided counts where it left something. Throws `DATA_NEWER` and `DATA_DAMAGED`. */
function openRecords(folder: Folder, left: readonly ProcessRecord[], files: KeptFiles): SupervisorSetting["records"] {
  const scaling = recordFile(folder.scaling, isScalingRecord, files);
  const rollouts = recordFile(folder.rollouts, isRolloutRecord, files);
  for (const record of [scaling, rollouts]) {
    if (left.length === 0) record.remove();
    else record.read();
  }
  return { scaling, rollouts };
}

function openOutputs(folder: Folder, options: SupervisorOptions, opened: Started): Outputs {
  const limits = { ...defaultLogFileLimits, ...options.logFiles };
  const outputs = createOutputs({ mode: options.mode, folder: folder.logs, clock: options.clock, limits });
  opened.add(() => outputs.close());
  if (options.onLine !== undefined) outputs.follow(options.onLine);
  return outputs;
}

interface LedgerNeeds {
  readonly left: readonly ProcessRecord[];
  readonly files: KeptFiles;
  readonly opened: Started;
}

function openLedger(folder: Folder, { mode, env }: SupervisorOptions, { left, files, opened }: LedgerNeeds): Ledger {
  const supervisor = identify(process.pid);
  if (supervisor === undefined)
    throw new CantleError("INTERNAL", "this process cannot be told from others that had its number");
  const warden = mode === "attached" ? createWarden(env) : noWarden;
  opened.add(() => warden.dismiss());
  return createLedger({ path: folder.state, files, mode, supervisor, warden, left: left.filter(isAlive) });
}
