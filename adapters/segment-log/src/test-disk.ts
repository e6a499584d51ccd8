/**
 * For tests: a disk whose power can be cut. Two ext4 file systems, one in a file of the other:
 *
 *     folder ── ext4 ── loop device ── disk.img ── ext4 ── loop device ── below.img
 *               its journal, its page cache       └ the disk's own cache: a flush of the disk is a sync of disk.img
 *
 * The lower one is shut down as when the power fails (`EXT4_IOC_SHUTDOWN`, without its log): from one moment on nothing more
 * reaches below.img. So gone is what was never written to the disk, and also what was written to it and not flushed. Then both are
 * mounted anew, which is what a machine does after a power cut.
 *
 * It needs root, Linux, loop devices, `mkfs.ext4` and `python3`, for the one call that Node.js does not have.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

const mebibyte = 2 ** 20;
const diskBytes = 64 * mebibyte;
const belowBytes = 2 * diskBytes;

/** A disk. */
export interface TestDisk {
  /** Where it is mounted. */
  readonly folder: string;
  /** From now on nothing reaches it. */
  cut(): void;
  /** The power is back; whoever used it has ended. */
  restore(): void;
}

/** What keeps this machine from having such a disk, in words for a skip; undefined when nothing does. */
export function lackOfDisk(): string | undefined {
  const isAllowed = process.platform === "linux" && process.getuid?.() === 0 && existsSync("/dev/loop-control");
  if (!isAllowed || !isMounting()) return "may not mount a loop device here: run it as root on Linux";
  if (spawnSync("mkfs.ext4", ["-V"]).status !== 0) return "needs mkfs.ext4: apt-get install -y e2fsprogs";
  if (spawnSync("python3", ["--version"]).status !== 0) return "needs python3: apt-get install -y python3";
  return undefined;
}

/** Makes a disk; it is gone after the test. */
export function newDisk(t: TestContext): TestDisk {
  const home = mkdtempSync(join(tmpdir(), "cantle-segment-log-"));
  const [belowImage, below, folder] = [join(home, "below.img"), join(home, "below"), join(home, "disk")];
  const image = join(below, "disk.img");
  const mount = () => {
    run("mount", "-o", "loop", belowImage, below);
    run("mount", "-o", "loop", image, folder);
  };
  t.after(() => {
    for (const each of [folder, below]) spawnSync("umount", ["--lazy", each]);
    rmSync(home, { recursive: true, force: true });
  });
  mkdirSync(below);
  mkdirSync(folder);
  format(belowImage, belowBytes);
  run("mount", "-o", "loop", belowImage, below);
  format(image, diskBytes);
  run("umount", below);
  mount();
  return {
    folder,
    cut: () => run("python3", "-c", shutdown, below),
    restore() {
      // The upper one has errors to tell; it is let go of all the same.
      run("umount", folder);
      run("umount", below);
      mount();
    },
  };
}

/** `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH`. */
const shutdown = `
import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack("I", 2))
`;

/** True where this process may mount: root in a container often may not. */
function isMounting(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "cantle-segment-log-"));
  const isMounted = spawnSync("mount", ["-t", "tmpfs", "tmpfs", folder]).status === 0;
  if (isMounted) spawnSync("umount", ["--lazy", folder]);
  rmSync(folder, { recursive: true, force: true });
  return isMounted;
}

/** Every byte of it is there from the beginning: what is written later goes where it is. */
function format(image: string, bytes: number): void {
  writeFileSync(image, Buffer.alloc(bytes), { flush: true });
  run("mkfs.ext4", "-q", "-F", "-E", "nodiscard", image);
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr}`);
}
