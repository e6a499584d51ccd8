/**
 * Who runs just now, written down at once: in the state file, and at the warden. An instance is entered before it is told
 * anything; until it is told, it ends when the channel closes. So a supervisor that dies at any moment leaves no process
 * that neither ends by itself nor can be found.
 */
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import type { Mode } from "./spec.ts";
import { type ProcessRecord, writeState } from "./state-file.ts";
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
  readonly mode: Mode;
  readonly supervisor: ProcessIdentity;
  readonly warden: Warden;
  /** What an earlier supervisor left, and nobody may lose sight of before it is adopted or has ended. */
  readonly left: readonly ProcessRecord[];
}

/** A ledger that starts with what was left. */
export function createLedger({ path, mode, supervisor, warden, left }: LedgerOwner): Ledger {
  const records = new Map(left.map((record) => [record.pid, record]));
  const write = () => writeState(path, { mode, supervisor, processes: [...records.values()] });
  write();
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
