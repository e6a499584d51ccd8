import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { test } from "node:test";
import { virtualClock } from "@cantle/core";
import { stageFolder } from "../fixtures/stage.ts";
import { type KeepingEvent, keepFiles } from "./kept-files.ts";

test("a file that cannot be written is told once, tried again, and says the newest in the end", async () => {
  await using folder = await stageFolder();
  const clock = virtualClock();
  const events: KeepingEvent[] = [];
  const files = keepFiles(clock, (event) => events.push(event));
  const path = folder.file("run/state");
  files.write(path, "first");
  files.write(path, "second");
  await clock.advance(5_000);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["unwritten"],
  );
  mkdirSync(folder.file("run"));
  await clock.advance(1_000);
  assert.equal(readFileSync(path, "utf8"), "second");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["unwritten", "written"],
  );
});

test("a file that was removed meanwhile, or after the end, is not written any more", async () => {
  await using folder = await stageFolder();
  const clock = virtualClock();
  const files = keepFiles(clock, () => {});
  files.write(folder.file("run/removed"), "x");
  files.write(folder.file("run/stopped"), "x");
  files.remove(folder.file("run/removed"));
  await files.stop();
  mkdirSync(folder.file("run"));
  await clock.advance(60_000);
  assert.throws(() => statSync(folder.file("run/removed")));
  assert.throws(() => statSync(folder.file("run/stopped")));
  rmSync(folder.file("run"), { recursive: true });
});
