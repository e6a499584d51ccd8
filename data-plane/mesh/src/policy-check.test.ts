import assert from "node:assert/strict";
import { test } from "node:test";
import type { CantleError } from "@cantle/core";
import type { Policies } from "./policy.ts";
import { checkPolicies, policyMistakes } from "./policy-check.ts";

const everything: Policies = {
  "*": { timeoutMs: 1_000, retriesMax: 0, retryBudget: { ratio: 0.1, perSecondMin: 0 }, waitMs: 0, inFlightMax: 1 },
  articles: {
    criticality: "sheddable",
    delayMsMax: 50,
    adaptive: { by: "gradient", limitMax: 10 },
    balancing: { hashBy: "input.id" },
    slowStartMs: 0,
    ejection: { failuresMax: 2 },
    breaker: { slowMs: 100, slowRatioMax: 0.5, windowCalls: 100 },
    bulkhead: { concurrentMax: 10, queueMax: 5 },
    fallback: { last: true, ageMsMax: 5 },
  },
  "articles.feed": {
    fallback: { make: () => [] },
    hedge: { afterMs: 50 },
    coalesce: true,
    routes: [
      {
        when: { canary: "yes" },
        to: [
          { version: "2", weight: 1 },
          { labels: { track: "canary" }, weight: 9 },
        ],
      },
    ],
    faults: [{ ratio: 0.1, delayMs: 5, abort: "UNAVAILABLE" }],
  },
  users: { ejection: false, breaker: false, bulkhead: false, fallback: { value: null }, adaptive: false, hedge: false },
};

test("everything that a policy can say is right", () => {
  assert.deepEqual(policyMistakes(everything, ["articles", "users"]), []);
});

const mistakes: [string, unknown, string][] = [
  ["no object", [], "policies"],
  ["a policy that is no object", { users: 5 }, "policies.users"],
  ["an unknown service", { user: {} }, "policies.user"],
  ["an unknown service of an operation", { "user.read": {} }, "policies.user.read"],
  ["a misspelt member", { users: { breakr: {} } }, "policies.users.breakr"],
  ["a misspelt member of a member", { users: { breaker: { openMS: 1 } } }, "policies.users.breaker.openMS"],
  ["a name of every object", { users: JSON.parse('{"__proto__": 1}') }, "policies.users.__proto__"],
  ["a text for a number", { users: { timeoutMs: "1s" } }, "policies.users.timeoutMs"],
  ["a negative count", { users: { retriesMax: -1 } }, "policies.users.retriesMax"],
  ["half a place", { users: { bulkhead: { concurrentMax: 1.5 } } }, "policies.users.bulkhead.concurrentMax"],
  ["a bulkhead without places", { users: { bulkhead: {} } }, "policies.users.bulkhead"],
  ["NaN", { users: { slowStartMs: Number.NaN } }, "policies.users.slowStartMs"],
  ["true where there is no such default", { users: { breaker: true } }, "policies.users.breaker"],
  ["an unknown balancer", { users: { balancing: "random" } }, "policies.users.balancing"],
  ["a hash by nothing", { users: { balancing: { hashBy: "id" } } }, "policies.users.balancing.hashBy"],
  ["two fallbacks at once", { users: { fallback: { value: 1, last: true } } }, "policies.users.fallback"],
  ["a fallback that is a text", { users: { fallback: { make: "x" } } }, "policies.users.fallback.make"],
  ["a share above one", { users: { faults: [{ ratio: 30 }] } }, "policies.users.faults[0].ratio"],
  [
    "a code that does not exist",
    { users: { faults: [{ ratio: 1, abort: "OOPS" }] } },
    "policies.users.faults[0].abort",
  ],
  [
    "a code that no call fails with",
    { users: { faults: [{ ratio: 1, abort: "USAGE" }] } },
    "policies.users.faults[0].abort",
  ],
  ["a route to nowhere", { users: { routes: [{}] } }, "policies.users.routes[0]"],
  ["a header that is a number", { users: { routes: [{ when: { a: 1 }, to: [] }] } }, "policies.users.routes[0].when.a"],
];
for (const [title, policies, place] of mistakes) {
  test(`${title} is refused, with its place and what to do`, () => {
    const found = policyMistakes(policies, ["users"]);
    assert.deepEqual(
      found.map((mistake) => mistake.place),
      [place],
    );
    assert.ok(found[0]?.help !== "" && found[0]?.message !== "");
  });
}

test("a misspelt member is answered with the one that was meant", () => {
  assert.equal(policyMistakes({ "*": { breakr: {} } })[0]?.help, "did you mean 'breaker'?");
});

test("the first mistake is thrown with the code of whoever made it, the others are in its notes", () => {
  assert.throws(
    () => checkPolicies({ "*": { retriesMax: -1, waitMs: -1 } }, "CONFIG_INVALID"),
    ({ code, place, notes }: CantleError) =>
      code === "CONFIG_INVALID" && place === "policies.*.retriesMax" && (notes ?? "").startsWith("policies.*.waitMs"),
  );
});
