import assert from "node:assert/strict";
import { test } from "node:test";
import { system } from "./description.ts";
import { place } from "./placement.ts";
import type { ScalingSpec } from "./scaling.ts";

const services = {
  inquiry: async () => ({ default: null as never }),
  payment: async () => ({ default: null as never }),
};
const target = { inFlight: 8 };

/** A system that scales 'inquiry'. */
function scaled(scaling: unknown) {
  return system("payments", { services, scaling: { inquiry: scaling as ScalingSpec } });
}

test("a unit begins with as many instances as its placement says, between its bounds", () => {
  const whole = (min: number, instances: number) =>
    system("payments", {
      services,
      units: { inquiry: { services: ["inquiry"], instances } },
      scaling: { inquiry: { min, max: 6, target } },
    });
  const countOf = (min: number, instances: number) =>
    place(whole(min, instances)).units.find(({ name }) => name === "inquiry")?.instances;
  assert.deepEqual([countOf(1, 1), countOf(2, 1), countOf(1, 3), countOf(1, 9)], [1, 2, 3, 6]);
});

test("what is not said has its default, and one process is not scaled", () => {
  const description = scaled({ min: 1, max: 6, target });
  const policyIn = (placement: string) => place(description, placement).units.map(({ scaling }) => scaling?.staleMs);
  assert.deepEqual(policyIn("each"), [5_000, undefined]);
  assert.deepEqual(policyIn("one"), [undefined]);
  assert.deepEqual(policyIn("threads"), [undefined, undefined]);
});

const mistakes: readonly [what: string, scaling: unknown, place: string, message: RegExp][] = [
  ["no minimum", { min: 0, max: 6, target }, "inquiry.min", /at least 1 instance, not 0/],
  ["a maximum below it", { min: 3, max: 2, target }, "inquiry.max", /2 is not between min \(3\) and 512/],
  ["no target", { min: 1, max: 2, target: {} }, "inquiry.target", /nothing is aimed at/],
  ["nothing at all", 3, "inquiry", /does not say how/],
  ["a target that is none", { min: 1, max: 2, target: { inflight: 8 } }, "inquiry.target.inflight", /'inflight'/],
  ["an option that is none", { min: 1, max: 2, target, cooldown: 1 }, "inquiry.cooldown", /'cooldown'/],
  ["a busy loop", { min: 1, max: 2, target: { loopUtilisation: 1 } }, "inquiry.target.loopUtilisation", /aim below/],
];

for (const [what, scaling, at, message] of mistakes)
  test(`scaling with ${what} is refused where it is written`, () => {
    assert.throws(() => scaled(scaling), {
      code: "SYSTEM_INVALID",
      place: `system("payments").scaling.${at}`,
      message,
    });
  });

test("only a unit of the system can be scaled, and none of the platform's", () => {
  const scaling = { min: 1, max: 2, target };
  for (const unit of ["inqury", "gateway", "control"])
    assert.throws(() => system("payments", { services, scaling: { [unit]: scaling } }), {
      code: "SYSTEM_INVALID",
      place: `system("payments").scaling.${unit}`,
    });
});
