/**
 * Where control groups are mounted, and which one this process is in, read from the kernel's own texts. Both versions can
 * be there at once, each with other controllers.
 *
 * A group has one owner, who alone may divide it (systemd calls it the single-writer rule). A process that finds itself in
 * some group may not assume that it is that one; so a group counts as ours only
 * - where it is the root that we see: of the machine, or of a container's own view; or
 * - where it belongs to our user, and our user is not root: that is how it is handed over; or
 * - where somebody said so.
 */

/** One mounted hierarchy, and our place in it. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** The controllers of a version 1 hierarchy; of version 2 they are asked of the group itself. */
  readonly controllers: readonly string[];
  /** The folder of the root that we see. */
  readonly mount: string;
  /** The group this process is in, from that root: `/` or `/a/b`. */
  readonly own: string;
}

/** Reads `/proc/self/mountinfo` and `/proc/self/cgroup`. */
export function hierarchiesOf(mountInfo: string, ownGroups: string): readonly Hierarchy[] {
  const groups = lines(ownGroups).map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  return lines(mountInfo).flatMap((line) => {
    const { root, mount, type, options } = mountOf(line);
    if (type !== "cgroup" && type !== "cgroup2") return [];
    const [, names = "", path] =
      groups.find((group) => group !== null && (type === "cgroup2" ? group[1] === "" : isMountOf(group[1], options))) ??
      [];
    if (path === undefined) return [];
    const controllers = type === "cgroup2" ? [] : names.split(",");
    return [{ version: type === "cgroup2" ? 2 : 1, controllers, mount, own: within(root, path) } satisfies Hierarchy];
  });
}

/** True where the group may be divided by us; `owner` is the user its folder belongs to. */
export function isOurs({ own }: Hierarchy, { uid, owner, claimed }: GroupOwner): boolean {
  return own === "/" || claimed || (uid !== 0 && owner === uid);
}

/** Who asks, whose the group is, and whether somebody said that it is ours. */
export interface GroupOwner {
  readonly uid: number;
  readonly owner: number;
  readonly claimed: boolean;
}

/** `36 35 98:0 /root /mount rw,... shared:1 - type source options`, see proc(5). */
function mountOf(line: string) {
  const [before = "", after = ""] = line.split(" - ");
  const [, , , root = "", mount = ""] = before.split(" ").map(unescaped);
  const [type = "", , options = ""] = after.split(" ");
  return { root, mount, type, options: options.split(",") };
}

function isMountOf(names: string | undefined, options: readonly string[]): boolean {
  return !!names && names.split(",").every((name) => options.includes(name));
}

/** A path of the machine, seen from a mount whose root is somewhere below the machine's. */
function within(root: string, path: string): string {
  if (root === "/") return path;
  return path === root || !path.startsWith(`${root}/`) ? "/" : path.slice(root.length);
}

function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function lines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}
