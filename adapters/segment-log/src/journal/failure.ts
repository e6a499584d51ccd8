/**
 * What a failure of the file system means for a journal.
 *
 *     room     the disk, the quota or the inodes are used up: nothing is in doubt, and it may work in a moment
 *     scarce   this process may open no more files: likewise
 *     broken   anything else: nobody knows what the disk has, so this opening of the journal is over
 */
import { CantleError } from "@cantle/core";

/** What a failure means. */
export type Failure = "room" | "scarce" | "broken";

/** Which one it is. A `sync` that fails is always `broken`, whatever it says: the page cache is not to be believed after it. */
export function failureOf(error: unknown): Failure {
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return "room";
    case "EMFILE":
    case "ENFILE":
    case "ENOMEM":
      return "scarce";
    default:
      return "broken";
  }
}

/** What a publisher hears of it. */
export function refusalOf(failure: Failure, cause: unknown): CantleError {
  switch (failure) {
    case "room":
      return new CantleError("BROKER_FULL", "the disk of the broker is full", {
        help: "free some space; the broker goes on by itself, and what it has can still be taken",
        cause,
      });
    case "scarce":
      return new CantleError("BROKER_UNAVAILABLE", "the broker can open no more files just now", {
        help: "raise the limit of open files (ulimit -n), or close what holds them",
        cause,
      });
    case "broken":
      return new CantleError(
        "BROKER_UNAVAILABLE",
        "the disk of the broker failed, so nothing is acknowledged any more",
        {
          help: "look at the disk, then start the broker again: it finds out what the disk has",
          cause,
        },
      );
  }
}
