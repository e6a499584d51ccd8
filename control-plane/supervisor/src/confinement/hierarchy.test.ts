import assert from "node:assert/strict";
import { test } from "node:test";
import { type GroupOwner, type Hierarchy, hierarchiesOf, isOurs } from "./hierarchy.ts";

const one = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;
const two = "25 19 0:23 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
const inContainer = "25 19 0:23 /docker/4f1a /sys/fs/cgroup ro,nosuid - cgroup cgroup rw,memory\n";

const cases: readonly [what: string, mountInfo: string, groups: string, expected: readonly Hierarchy[]][] = [
  [
    "of version 1, each controller has its own",
    one,
    "8:memory:/system.slice/a.service\n1:cpu,cpuacct:/\n0::/system.slice\n",
    [
      { version: 1, controllers: ["cpu", "cpuacct"], mount: "/sys/fs/cgroup/cpu,cpuacct", own: "/" },
      { version: 1, controllers: ["memory"], mount: "/sys/fs/cgroup/memory", own: "/system.slice/a.service" },
      { version: 2, controllers: [], mount: "/sys/fs/cgroup/unified", own: "/system.slice" },
    ],
  ],
  [
    "of version 2, there is one for all",
    two,
    "0::/user.slice/user-1000.slice/session-3.scope\n",
    [{ version: 2, controllers: [], mount: "/sys/fs/cgroup", own: "/user.slice/user-1000.slice/session-3.scope" }],
  ],
  [
    "in a container, our place is seen from the root that is mounted there",
    inContainer,
    "8:memory:/docker/4f1a/below\n",
    [{ version: 1, controllers: ["memory"], mount: "/sys/fs/cgroup", own: "/below" }],
  ],
  [
    "in a container, its own group is the root",
    inContainer,
    "8:memory:/docker/4f1a\n",
    [{ version: 1, controllers: ["memory"], mount: "/sys/fs/cgroup", own: "/" }],
  ],
  [
    "a mount with a space in its path is read",
    "25 19 0:23 / /sys/my\\040groups rw - cgroup2 cgroup2 rw\n",
    "0::/\n",
    [{ version: 2, controllers: [], mount: "/sys/my groups", own: "/" }],
  ],
  ["a machine without groups has none", "25 19 0:23 / / rw - ext4 /dev/vda rw\n", "", []],
  ["no Linux has none", "", "", []],
];
for (const [what, mountInfo, groups, expected] of cases) {
  test(what, () => assert.deepEqual(hierarchiesOf(mountInfo, groups), expected));
}

const somebody: GroupOwner = { uid: 1000, owner: 0, claimed: false };
for (const [what, own, owner, ours] of [
  ["the root that we see", "/", somebody, true],
  ["a group of root's", "/system.slice", somebody, false],
  ["a group that was handed over to our user", "/user.slice", { ...somebody, owner: 1000 }, true],
  ["a group that root is in, and another program made", "/made", { uid: 0, owner: 0, claimed: false }, false],
  ["a group that somebody said is ours", "/made", { uid: 0, owner: 0, claimed: true }, true],
] as const) {
  test(`${what} is ${ours ? "" : "not "}ours to divide`, () => {
    assert.equal(isOurs({ version: 1, controllers: ["cpu"], mount: "/m", own }, owner), ours);
  });
}
