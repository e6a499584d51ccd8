/** For a system without processes to supervise: the folder is taken and the control door opened all the same. */
import { type Clock, createStarted, type Random, type Running } from "@cantle/core";
import { type BehindDoor, openDoor } from "./control-door.ts";
import { folderOf, makeFolder } from "./folder.ts";
import { lockFolder } from "./folder-lock.ts";

/** What owning a folder needs. */
export interface OwnFolderOptions {
  /** The system's folder; `.cantle` is made in it. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** Takes the folder and opens its door to `behind`, until stopped. Throws `ALREADY_RUNNING`. */
export async function ownFolder(
  behind: BehindDoor,
  { folder: system, clock, random }: OwnFolderOptions,
): Promise<Running> {
  const folder = folderOf(system);
  const opened = createStarted();
  makeFolder(folder);
  const lock = await lockFolder(folder.run, { clock, random });
  opened.add(() => lock.release());
  try {
    const door = await openDoor(folder.socket, behind);
    opened.add(() => door.stop());
    return opened;
  } catch (error) {
    await opened.stop();
    throw error;
  }
}
