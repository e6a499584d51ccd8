/**
 * Who runs just now, written down at once: in the state file, and at the warden. An instance is entered before it is told
 * anything; until it is told, it ends when the channel closes. So a supervisor that dies at any moment leaves no process
 * that neither ends by itself nor can be found.
 */
import type { KeptFiles } from "./kept-files.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import type { Mode } from "./spec.ts";
import { type ProcessRecord, stateText, writeState } from "./state-file.ts";
import type { Warden } from "./warden.ts";

/** Keeps the record of running processes. */
export interface Ledger {
  enter(record: ProcessRecord): void;
  /** Notes where a process is reached. */
  note(identity: ProcessIdentity, facts: Partial<Pick<ProcessRecord, "addresses" | "services" | "digest">>): void;
  strike(identity: ProcessIdentity): void;
}

/** Whose ledger it is. */
export interface LedgerOwner {
  readonly path: string;
  readonly files: KeptFiles;
  readonly mode: Mode;
  readonly supervisor: ProcessIdentity;
  readonly warden: Warden;
  /** What an earlier supervisor left, and nobody may lose sight of before it is adopted or has ended. */
  readonly left: readonly ProcessRecord[];
}

/** A ledger that starts with what was left. Throws `FOLDER_UNUSABLE` when it cannot be written now; later it is tried again. */
export function createLedger({ path, files, mode, supervisor, warden, left }: LedgerOwner): Ledger {
  const records = new Map(left.map((record) => [record.pid, record]));
  const state = () => ({ mode, supervisor, processes: [...records.values()] });
  const write = () => files.write(path, stateText(state()));
  writeState(path, state());
  return {
    enter(record) {
      warden.mind(record);
      records.set(record.pid, record);
      write();
    },
    note(identity, facts) {
      const record = records.get(identity.pid);
      if (record === undefined || !isAlive(record)) return;
      records.set(identity.pid, { ...record, ...facts });
      write();
    },
    strike(identity) {
      // Its number may already be another instance's.
      if (records.get(identity.pid)?.start === identity.start) records.delete(identity.pid);
      warden.forget(identity);
      write();
    },
  };
}
