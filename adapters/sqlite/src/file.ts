/**
 * The place on disk: a folder 0700 where we make it, a file 0600 always. SQLite gives `-wal` and `-shm` the mode of the file.
 *
 * Never opens and closes a file that may be a live database: POSIX drops all locks of a process on a file when the process
 * closes any descriptor of it, SQLite's included. So a new file is made under another name and then linked into place, and
 * an existing one is only looked at.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { CantleError, type Random } from "@cantle/core";

/** Sees to it that the file is there and private. Answers with its real path, which is one for each file. */
export function placeFile(path: string, random: Random): string {
  try {
    return place(path, random);
  } catch (cause) {
    throw new CantleError("CONFIG_INVALID", "the file of the database cannot be made or made private", {
      place: path,
      help: "see to it that the user who runs this owns the folder and the file",
      cause,
    });
  }
}

function place(path: string, random: Random): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) createPrivate(path, random);
  const real = realpathSync(path);
  const { mode } = statSync(real);
  if ((mode & 0o077) !== 0) chmodSync(real, 0o600);
  return real;
}

function createPrivate(path: string, random: Random): void {
  const draft = `${path}.${random.hex(6)}.new`;
  closeSync(openSync(draft, "wx", 0o600));
  try {
    linkSync(draft, path);
  } catch (error) {
    // Another instance was quicker: its file is as empty as ours.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft);
  }
}
