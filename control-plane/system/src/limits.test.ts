import assert from "node:assert/strict";
import { test } from "node:test";
import { limitsOf, system } from "./description.ts";
import { readSize } from "./limits.ts";

for (const [size, bytes] of [
  ["256MiB", 268_435_456],
  ["1.5 GB", 1_500_000_000],
  ["2GiB", 2_147_483_648],
  ["64KiB", 65_536],
  ["700", 700],
  [1024, 1024],
  ["1e9", undefined],
  ["256mib", undefined],
  ["-1MiB", undefined],
  ["", undefined],
  ["0MiB", undefined],
  ["99999999999GiB", undefined],
  [Number.NaN, undefined],
  [1.5, undefined],
  [null, undefined],
] as const) {
  test(`the size ${JSON.stringify(size)} is ${bytes === undefined ? "none" : `${bytes} bytes`}`, () => {
    assert.equal(readSize(size), bytes);
  });
}

const services = {
  accounts: () => Promise.reject(new TypeError("nobody loads it here")),
  posts: () => Promise.reject(new TypeError("nobody loads it here")),
};
const shop = (limits: unknown) =>
  system("shop", {
    services,
    units: { web: ["accounts"] },
    placements: { small: { units: { all: ["accounts", "posts"] } } },
    limits: limits as never,
  });

test("limits are found by unit, whatever placement the unit belongs to", () => {
  const limits = { web: { memory: "256MiB", cpu: 0.5 }, all: { io: "1MiB" }, posts: {}, gateway: { cpu: 2 } };
  const found = ["web", "all", "posts", "gateway", "accounts"].map((unit) => limitsOf(shop(limits), unit));
  assert.deepEqual(found, [
    { memoryBytesMax: 268_435_456, cpuMax: 0.5 },
    { ioBytesPerSecondMax: 1_048_576 },
    {},
    { cpuMax: 2 },
    {},
  ]);
  assert.deepEqual(limitsOf(shop({}), "constructor"), {});
});

for (const [what, limits, message, place] of [
  ["a unit that no placement has", { wob: {} }, /there is no unit 'wob'/, "wob"],
  ["a limit that is none", { web: { memroy: "1GiB" } }, /'memroy' is not a limit/, "web"],
  ["no limits", { web: 7 }, /these are not limits/, "web"],
  ["a size that is none", { web: { memory: "much" } }, /"much" is not a size/, "web.memory"],
  ["too little memory", { web: { memory: "10MiB" } }, /too little for a process to run/, "web.memory"],
  ["no processor", { web: { cpu: 0 } }, /0 is not a number of processors/, "web.cpu"],
  ["a processor that is none", { web: { cpu: "1" } }, /"1" is not a number of processors/, "web.cpu"],
  ["an endless processor", { web: { cpu: Number.POSITIVE_INFINITY } }, /is not a number of processors/, "web.cpu"],
] as const) {
  test(`${what}: refused`, () => {
    assert.throws(() => shop(limits), {
      code: "SYSTEM_INVALID",
      message,
      place: `system("shop").limits.${place}`,
    });
  });
}
