import assert from "node:assert/strict";
import { test } from "node:test";
import { contract, get } from "@cantle/contract";
import type { CantleError } from "@cantle/core";
import { policyOf } from "@cantle/mesh";
import { system } from "@cantle/system";
import {
  assignedLayer,
  describedLayer,
  mergePolicies,
  type PolicyLayer,
  platformPolicies,
  policiesOf,
} from "./policies.ts";

const services = ["articles", "accounts"];
const layer = (from: string, content: unknown): PolicyLayer => ({ source: "file", from, content });
const said = (...layers: PolicyLayer[]) =>
  [...mergePolicies(layers, services).values()].map(({ target, member, value, from }) => [target, member, value, from]);

test("the heavier source wins, member by member, and says where it came from", () => {
  const rows = said(
    layer("system", { articles: { timeoutMs: 1_000, retriesMax: 0, breaker: { openMs: 5, callsMin: 7 } } }),
    layer("config.yaml", { articles: { timeoutMs: 2_000, breaker: { openMs: 9 } }, accounts: { coalesce: true } }),
  );
  assert.deepEqual(rows, [
    ["articles", "timeoutMs", 2_000, "config.yaml"],
    ["articles", "retriesMax", 0, "system"],
    ["articles", "breaker", { openMs: 9 }, "config.yaml"],
    ["accounts", "coalesce", true, "config.yaml"],
  ]);
});

const assigned = (assignment: string, below: unknown = {}) => {
  const [path = "", text = ""] = assignment.split("=");
  return assignedLayer(path.split("."), text, mergePolicies([layer("system", below)], services)).content;
};

test("an assignment is of a service where a member follows, and else of an operation", () => {
  assert.deepEqual(assigned("articles.timeoutMs=300"), { articles: { timeoutMs: 300 } });
  assert.deepEqual(assigned("articles.read.timeoutMs=300"), { "articles.read": { timeoutMs: 300 } });
  assert.deepEqual(assigned("*.balancing=round-robin"), { "*": { balancing: "round-robin" } });
  assert.deepEqual(assigned("articles.breaker=false"), { articles: { breaker: false } });
  assert.deepEqual(assigned('articles.faults=[{"ratio":1}]'), { articles: { faults: [{ ratio: 1 }] } });
});

test("an assignment reaches into a member and leaves the rest of it", () => {
  const below = { articles: { breaker: { openMs: 5, callsMin: 7 } } };
  assert.deepEqual(assigned("articles.breaker.openMs=9", below), { articles: { breaker: { openMs: 9, callsMin: 7 } } });
  assert.deepEqual(assigned("articles.breaker.openMs=9", { articles: { breaker: false } }), {
    articles: { breaker: { openMs: 9 } },
  });
});

test("a mistake is told with its place and its source, all of one source at once", () => {
  const wrong = layer("config.yaml", { articels: {}, articles: { timeoutMs: "soon", retrysMax: 1 } });
  const failure = (error: CantleError) => {
    assert.deepEqual([error.code, error.place], ["CONFIG_INVALID", "policies.articels"]);
    assert.match(error.help ?? "", /did you mean 'articles'/);
    assert.deepEqual(Object.keys(error.errors ?? {}), [
      "policies.articels",
      "policies.articles.timeoutMs",
      "policies.articles.retrysMax",
    ]);
    assert.match(error.errors?.["policies.articles.timeoutMs"]?.[0] ?? "", /milliseconds.*\(from config\.yaml\)$/);
    return true;
  };
  assert.throws(() => mergePolicies([wrong], services), failure);
  assert.throws(() => assignedLayer(["articles"], "1", new Map()), { code: "CONFIG_INVALID" });
  for (const content of [[], "text", null, { articles: null }, { articles: { __proto__: 1, breaker: { openms: 1 } } }])
    assert.throws(() => mergePolicies([layer("x", content)], services), { code: "CONFIG_INVALID" });
});

test("what is said of all is said of the system's services, and never of the platform's", () => {
  const policies = policiesOf(
    mergePolicies([layer("x", { "*": { timeoutMs: 50, retriesMax: 0 }, articles: { retriesMax: 1 } })], services),
    services,
  );
  assert.deepEqual(policies, {
    articles: { timeoutMs: 50, retriesMax: 1 },
    accounts: { timeoutMs: 50, retriesMax: 0 },
    ...platformPolicies,
  });
  const { watch } = contract("registry", { version: "1.0.0", operations: { watch: get("/watch", {}) } }).operations;
  const { timeoutMs, criticality } = policyOf(watch, policies);
  assert.deepEqual([timeoutMs, criticality], [watch.timeoutMs, "critical"]);
});

test("the description is the lightest source", () => {
  const described = system("s", {
    services: { articles: () => assert.fail("is not loaded") },
    policies: { articles: { timeoutMs: 9, fallback: { make: () => 1 } } },
  });
  const rows = mergePolicies(
    [describedLayer(described), layer("config.yaml", { articles: { timeoutMs: 8 } })],
    services,
  );
  assert.deepEqual(
    [...rows.values()].map(({ member, from }) => [member, from]),
    [
      ["timeoutMs", "config.yaml"],
      ["fallback", "system"],
    ],
  );
});
