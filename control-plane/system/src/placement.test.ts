import assert from "node:assert/strict";
import { test } from "node:test";
import { contract } from "@cantle/contract";
import { type CantleError, codes } from "@cantle/core";
import { external, remote, type SystemSpec, system } from "./description.ts";
import { place } from "./placement.ts";

const load = () => Promise.reject(new Error("not loaded by a plan"));
const blog = (more: Partial<SystemSpec> = {}) =>
  system("blog", {
    services: {
      accounts: load,
      articles: load,
      comments: load,
      ledger: remote(contract("ledger", { version: "1.0.0", operations: {} })),
    },
    ...more,
  });
const names = (placement?: string, more?: Partial<SystemSpec>) =>
  place(blog(more), placement).units.map((unit) => `${unit.name}:${unit.services.join("+")}x${unit.instances}`);

test("the built-in placements say where everything runs, and leave remote services out", () => {
  assert.deepEqual(names("one"), ["one:accounts+articles+commentsx1"]);
  assert.deepEqual(names("each"), ["accounts:accountsx1", "articles:articlesx1", "comments:commentsx1"]);
  assert.equal(place(blog(), "threads").shape, "threads");
  assert.equal(place(blog(), "http").speak, "http");
});

test("declared units come first, and services they do not name get one of their own", () => {
  assert.deepEqual(names(undefined, { units: { web: { services: ["accounts", "comments"], instances: 2 } } }), [
    "web:accounts+commentsx2",
    "articles:articlesx1",
  ]);
  assert.deepEqual(names("duo", { placements: { duo: { units: { a: ["accounts"], b: ["articles", "comments"] } } } }), [
    "a:accountsx1",
    "b:articles+commentsx1",
  ]);
});

const impossible: [string, string, Partial<SystemSpec>][] = [
  ["a placement nobody declared", "nowhere", {}],
  ["a service in two units", "units", { units: { a: ["accounts"], b: ["accounts"] } }],
  ["a service twice in a unit", "units", { units: { a: ["accounts", "accounts"] } }],
  ["an unknown service", "units", { units: { a: ["acounts"] } }],
  ["an inherited name", "units", { units: { a: ["constructor"] } }],
  ["a remote service", "units", { units: { a: ["ledger"] } }],
  [
    "a program that shares a unit",
    "units",
    { services: { accounts: load, old: external({ command: "node old.js" }) }, units: { a: ["accounts", "old"] } },
  ],
  ["an empty unit", "units", { units: { a: [] } }],
  ["no instances", "units", { units: { a: { services: ["accounts"], instances: 0 } } }],
  ["half an instance", "units", { units: { a: { services: ["accounts"], instances: 1.5 } } }],
  ["a unit with the platform's name", "units", { units: { gateway: ["accounts"] } }],
  ["a unit that takes another service's name", "units", { units: { articles: ["accounts"] } }],
];
for (const [what, placement, more] of impossible) {
  test(`${what} is an impossible placement, said with its place and a way out`, () => {
    assert.throws(
      () => place(blog(more), placement),
      (error: CantleError) =>
        error.code === "PLACEMENT_IMPOSSIBLE" && error.place !== undefined && error.help !== undefined,
    );
  });
}

test("what contradicts itself is no system", () => {
  const invalid = (spec: unknown, name = "blog") =>
    assert.throws(
      () => system(name, spec as SystemSpec),
      (error: CantleError) => error.code === "SYSTEM_INVALID" && codes[error.code].exit === 3,
    );
  invalid({ services: {} }, "Blog!");
  invalid({ services: {}, unit: {} });
  invalid({ services: { gateway: load } });
  invalid({ services: { accounts: 7 } });
  invalid({ services: { other: remote(contract("ledger", { version: "1.0.0", operations: {} })) } });
  invalid({ services: { old: external({ command: "" }) } });
  invalid({
    services: { old: external({ command: "x", contract: contract("other", { version: "1.0.0", operations: {} }) }) },
  });
  invalid({ services: { old: external({ command: "x", route: "/old" }) } });
  invalid({ services: { old: external({ command: "node x", route: "/../up" }) } });
});
