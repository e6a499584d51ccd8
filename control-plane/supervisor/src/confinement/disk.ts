/** The disk that a folder is on, as the kernel numbers it; Linux only. */
import { existsSync, readFileSync, statSync } from "node:fs";

/** `major:minor` of the whole disk, which is what reading and writing are limited on; undefined where no disk is behind it. */
export function diskOf(folder: string): string | undefined {
  try {
    const { dev } = statSync(folder, { bigint: true });
    // See makedev(3): both numbers are in two parts.
    const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
    const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
    const block = `/sys/dev/block/${major}:${minor}`;
    if (!existsSync(block)) return undefined;
    return existsSync(`${block}/partition`) ? readFileSync(`${block}/../dev`, "utf8").trim() : `${major}:${minor}`;
  } catch {
    return undefined;
  }
}
