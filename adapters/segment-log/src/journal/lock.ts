/**
 * One owner to a folder. The lock is an SQLite lock on an empty file: it belongs to the operating system, so it is gone when its
 * holder is, however that ended; and SQLite tells two holders within one process apart, which a file lock alone does not.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CantleError } from "@cantle/core";

/** A folder that is ours. */
export interface FolderLock {
  release(): void;
}

/** Takes a folder. Throws `ALREADY_RUNNING` when somebody has it. */
export function lockFolder(folder: string): FolderLock {
  const database = new DatabaseSync(join(folder, "lock"), { timeout: 0 });
  try {
    database.exec("pragma journal_mode = memory; begin exclusive");
  } catch (cause) {
    database.close();
    throw refusal(folder, cause);
  }
  return { release: () => database.close() };
}

function refusal(folder: string, cause: unknown): CantleError {
  const { errcode } = cause as { errcode?: number };
  if (errcode === 5)
    return new CantleError("ALREADY_RUNNING", "another broker has this folder", {
      place: folder,
      help: "a folder has one broker; others reach it through that one",
      cause,
    });
  return new CantleError("FOLDER_UNUSABLE", "the folder of the broker cannot be locked", { place: folder, cause });
}
