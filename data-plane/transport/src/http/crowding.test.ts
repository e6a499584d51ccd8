import assert from "node:assert/strict";
import { test } from "node:test";
import { CantleError, virtualClock } from "@cantle/core";
import { type LogFields, silentLogger } from "@cantle/telemetry";
import { Crowding } from "./crowding.ts";

test("however many requests are refused, the log has a line a second, and in the lines all of them", async () => {
  const clock = virtualClock();
  const told: (LogFields | undefined)[] = [];
  const crowding = new Crowding(clock, { ...silentLogger, warn: (_message, fields) => void told.push(fields) });
  const error = new CantleError("OVERLOADED", "too much");
  for (let at = 0; at < 2_500; at++) {
    crowding.refused(error);
    await clock.advance(1);
  }
  assert.deepEqual(
    told.map((fields) => fields?.["refused"]),
    [1, 1_000, 1_000],
  );
});
