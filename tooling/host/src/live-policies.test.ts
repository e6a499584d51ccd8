/** Policies that follow their files, on virtual time and real files. */
import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { virtualClock } from "@cantle/core";
import { system } from "@cantle/system";
import { createLogger, type LogFields, type LogLevel } from "@cantle/telemetry";
import { followPolicies } from "./live-policies.ts";
import type { Settings } from "./settings.ts";

const described = system("s", {
  services: { articles: () => assert.fail("is not loaded") },
  policies: { articles: { timeoutMs: 1_000 } },
});

function followed(test: TestContext, more: Partial<Settings> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "policies-"));
  test.after(() => rmSync(folder, { recursive: true }));
  const clock = virtualClock();
  const logged: [LogLevel, LogFields][] = [];
  const log = createLogger((level, _message, fields) => void logged.push([level, fields]));
  const write = (text: string, name = "config.yaml") => writeFileSync(join(folder, name), text);
  const settings: Settings = { folder, home: folder, env: {}, ...more };
  return {
    clock,
    logged,
    write,
    folder,
    follow() {
      const live = followPolicies({ system: described, settings, clock, log });
      test.after(() => live.stop());
      return { live, timeoutMs: () => live.current()["articles"]?.timeoutMs };
    },
  };
}

test("a file that changes, appears or is replaced changes policies within a second or so, and one that goes takes them back", async (test) => {
  const { clock, logged, write, folder, follow } = followed(test);
  const { timeoutMs } = follow();
  assert.equal(timeoutMs(), 1_000);
  write("policies: { articles: { timeoutMs: 300 } }");
  await clock.advance(1_500);
  assert.equal(timeoutMs(), 300);
  write("policies: { articles: { timeoutMs: 400 } }", "next.yaml");
  renameSync(join(folder, "next.yaml"), join(folder, "config.yaml"));
  await clock.advance(1_500);
  assert.equal(timeoutMs(), 400);
  rmSync(join(folder, "config.yaml"));
  await clock.advance(1_500);
  assert.equal(timeoutMs(), 1_000);
  assert.deepEqual(
    logged.map(([level, { changed }]) => [level, changed]),
    [
      ["info", ["articles.timeoutMs"]],
      ["info", ["articles.timeoutMs"]],
      ["info", ["articles.timeoutMs"]],
    ],
  );
});

test("a change is told by another object, and what changes no policy by none", async (test) => {
  const { clock, write, follow } = followed(test);
  const { live } = follow();
  const before = live.current();
  assert.equal(live.current(), before);
  write("articles: { something: 1 }");
  await clock.advance(1_500);
  assert.equal(live.current(), before);
});

for (const [what, text] of [
  ["is not YAML", "policies: { articles"],
  ["cannot be meant", "policies: { articles: { timeoutMs: -1 } }"],
  ["is of another shape", "policies: 7"],
] as const)
  test(`a file that ${what} is refused and logged once, and the policies before it go on`, async (test) => {
    const { clock, logged, write, follow } = followed(test);
    write("policies: { articles: { timeoutMs: 300 } }");
    const { timeoutMs } = follow();
    write(text);
    await clock.advance(10_000);
    assert.equal(timeoutMs(), 300);
    assert.deepEqual(
      logged.map(([level]) => level),
      ["error"],
    );
    write("policies: { articles: { timeoutMs: 200 } }");
    await clock.advance(1_500);
    assert.equal(timeoutMs(), 200);
  });

test("a file that is still being written is left alone", async (test) => {
  const { clock, write, follow } = followed(test);
  write("policies: { articles: { timeoutMs: 300 } }");
  const { timeoutMs } = follow();
  for (let at = 0; at < 10; at++) {
    write(`policies: {}\n${"#".repeat(at)}`);
    await clock.advance(500);
    assert.equal(timeoutMs(), 300);
  }
  await clock.advance(1_000);
  assert.equal(timeoutMs(), 1_000);
});

test("the profile is heavier than the file, the environment than both, and --set than all", (test) => {
  const { write, follow } = followed(test, {
    profile: "live",
    env: { CANTLE_POLICIES: '{"articles":{"retriesMax":0,"waitMs":7}}' },
    set: ["policies.articles.waitMs=9"],
  });
  write("policies: { articles: { timeoutMs: 300, retriesMax: 1, waitMs: 1 } }");
  write("policies: { articles: { timeoutMs: 400 } }", "config.live.yaml");
  const { live } = follow();
  assert.deepEqual(live.current()["articles"], { timeoutMs: 400, retriesMax: 0, waitMs: 9 });
});

test("what is wrong from the beginning is a mistake of the start", (test) => {
  const { write, follow } = followed(test);
  write("policies: { articels: {} }");
  assert.throws(follow, { code: "CONFIG_INVALID" });
});

test("an environment that is no JSON is a mistake of the start", (test) => {
  const { follow } = followed(test, { env: { CANTLE_POLICIES: "{" } });
  assert.throws(follow, { code: "CONFIG_INVALID", place: "CANTLE_POLICIES" });
});
