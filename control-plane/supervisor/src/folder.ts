/**
 * Where a supervisor keeps things: `.cantle/run` (who runs) and `.cantle/logs`, in the system's folder, for its owner only.
 */

import { chmodSync, closeSync, constants, mkdirSync, openSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CantleError } from "@cantle/core";

/** The paths of one system's folder. */
export interface Folder {
  readonly run: string;
  readonly logs: string;
  readonly state: string;
  /** What was decided of scaling and rollouts. */
  readonly scaling: string;
  readonly rollouts: string;
  readonly socket: string;
  /** Where instances of an earlier supervisor find this one. */
  readonly instances: string;
}

/** The paths; nothing is made. */
export function folderOf(system: string): Folder {
  const run = join(system, ".cantle", "run");
  return {
    run,
    logs: join(system, ".cantle", "logs"),
    state: join(run, "state.json"),
    scaling: join(run, "scaling.json"),
    rollouts: join(run, "rollouts.json"),
    socket: join(run, "supervisor.sock"),
    instances: join(run, "instances.sock"),
  };
}

/** Makes what is missing, and takes away what others could do there. */
export function makeFolder(folder: Folder): void {
  for (const path of [folder.run, folder.logs]) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      chmodSync(path, 0o700);
    } catch (cause) {
      throw new CantleError("FOLDER_UNUSABLE", "the folder of a running system cannot be made", {
        place: path,
        cause,
        help: "let this user write there, or choose another folder with CANTLE_HOME",
      });
    }
  }
}

/** The longest path of a Unix socket, bytes: 107 on Linux, 103 on macOS. */
const socketPathBytesMax = 103;

/** A path a socket can be bound or reached by, until it is closed. */
export interface SocketPath {
  readonly path: string;
  close(): void;
}

/** The kernel cuts long socket paths; on Linux a long one goes through an open descriptor of its folder. */
export function socketPath(path: string): SocketPath {
  if (Buffer.byteLength(path) <= socketPathBytesMax) return { path, close: () => {} };
  const descriptor = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${descriptor}/${basename(path)}`, close: () => closeSync(descriptor) };
}
