import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CantleError, type Clock, seededRandom, type VirtualClock, virtualClock } from "@cantle/core";
import { createLogger, silentLogger } from "@cantle/telemetry";
import type { Broker } from "./broker.ts";
import { runSchedules } from "./cron.ts";
import { CronMoments, readCron } from "./cron-moments.ts";
import { openMemoryBroker } from "./memory.ts";

const at = (time: string) => Date.parse(`2026-${time}Z`);
const times = (moments: readonly number[]) => moments.map((moment) => new Date(moment).toISOString().slice(5, 16));

describe("the moments of a schedule", () => {
  const daily = readCron({ cron: "0 3 * * *", timeZone: "Europe/Berlin" }, "here");
  const hourly = readCron({ cron: "0 * * * *", timeZone: "UTC" }, "here");

  test("are those of its time zone, over the change of summer time too", () => {
    assert.deepEqual(
      times([daily(at("03-27T12:00:00"))!, daily(at("03-28T12:00:00"))!, daily(at("06-01T12:00:00"))!]),
      ["03-28T02:00", "03-29T01:00", "06-02T01:00"],
    );
  });

  test("are named once each, when they have come", () => {
    const moments = new CronMoments(hourly, at("01-01T11:30:00"));
    assert.deepEqual(moments.look(at("01-01T11:59:59")).moments, []);
    assert.deepEqual(times(moments.look(at("01-01T12:00:00")).moments), ["01-01T12:00"]);
    const { moments: none, nextMs } = moments.look(at("01-01T12:00:01"));
    assert.deepEqual([none, times([nextMs!])], [[], ["01-01T13:00"]]);
  });

  test("are not named again when the clock goes back an hour", () => {
    const moments = new CronMoments(hourly, at("01-01T11:59:00"));
    moments.look(at("01-01T12:00:05"));
    for (const time of ["11:00:05", "11:59:00", "12:00:00", "12:30:00"])
      assert.deepEqual(moments.look(at(`01-01T${time}`)).moments, []);
    assert.deepEqual(times(moments.look(at("01-01T13:00:00")).moments), ["01-01T13:00"]);
  });

  test("are named when a clock that was ahead is set right", () => {
    const moments = new CronMoments(hourly, at("01-02T11:30:00"));
    moments.look(at("01-01T11:30:00"));
    assert.deepEqual(times(moments.look(at("01-01T12:00:10")).moments), ["01-01T12:00"]);
  });

  test("are not made up when they are long past", () => {
    const moments = new CronMoments(hourly, at("01-01T11:30:00"));
    const { moments: due, missedCount } = moments.look(at("01-01T15:30:00"));
    assert.deepEqual([due, missedCount], [[], 1]);
    const secondly = new CronMoments(readCron({ cron: "* * * * * *", timeZone: "UTC" }, "here"), at("01-01T00:00:00"));
    assert.equal(secondly.look(at("01-02T00:00:00")).moments.length, 61);
  });

  test("are refused with a place where the pattern or the zone says nothing", () => {
    for (const [cron, timeZone] of [
      ["nonsense", "UTC"],
      ["61 * * * *", "UTC"],
      ["0 0 30 2 *", "UTC"],
      ["0 3 * * *", "Nowhere/Land"],
    ] as const)
      assert.throws(() => readCron({ cron, timeZone }, "service(shop).schedules.night"), {
        code: "SERVICE_INVALID",
        place: "service(shop).schedules.night",
      });
  });
});

/** The same clock with another wall. */
function skewed(clock: VirtualClock, skewMs: () => number): Clock {
  return { ...clock, wallMs: () => clock.wallMs() + skewMs() };
}

describe("schedules that run", () => {
  const schedule = {
    name: "tick",
    cron: "0 * * * *",
    timeZone: "UTC",
    channel: { kind: "queue", name: "shop.at-tick" },
  } as const;
  const sent = async (broker: Broker) => (await broker.queue!.peek("shop.at-tick", 100)).map(({ id }) => id);

  test("put each moment into their queue once, however many instances there are", async (t) => {
    const clock = virtualClock(at("01-01T11:30:00"));
    const broker = openMemoryBroker({ clock });
    t.after(() => broker.close());
    const stops = [0, 700, -400].map((skewMs) =>
      runSchedules("shop", [schedule], {
        broker,
        clock: skewed(clock, () => skewMs),
        random: seededRandom(1),
        log: silentLogger,
      }),
    );
    await clock.advance(2 * 3_600_000);
    for (const stop of stops) stop();
    await clock.advance(2 * 3_600_000);
    assert.deepEqual(await sent(broker), [
      "cron:shop.tick:2026-01-01T12:00:00.000Z",
      "cron:shop.tick:2026-01-01T13:00:00.000Z",
    ]);
  });

  test("put none there twice when the clock goes back an hour", async (t) => {
    const clock = virtualClock(at("01-01T11:30:00"));
    const broker = openMemoryBroker({ clock });
    t.after(() => broker.close());
    let skewMs = 0;
    const wall = skewed(clock, () => skewMs);
    t.after(runSchedules("shop", [schedule], { broker, clock: wall, random: seededRandom(1), log: silentLogger }));
    await clock.advance(31 * 60_000);
    skewMs = -3_600_000;
    await clock.advance(90 * 60_000);
    assert.deepEqual(await sent(broker), ["cron:shop.tick:2026-01-01T12:00:00.000Z"]);
  });

  test("try again while there is no broker, and say so when a moment is lost", async (t) => {
    const clock = virtualClock(at("01-01T11:59:00"));
    const broker = openMemoryBroker({ clock });
    t.after(() => broker.close());
    let isAway = true;
    const errors: string[] = [];
    const log = createLogger((level, text) => level === "error" && void errors.push(text));
    const send: NonNullable<Broker["queue"]>["send"] = async (queue, batch) => {
      if (isAway) throw new CantleError("BROKER_UNAVAILABLE", "away");
      await broker.queue!.send(queue, batch);
    };
    const queue = { ...broker.queue!, send };
    t.after(runSchedules("shop", [schedule], { broker: { queue }, clock, random: seededRandom(1), log }));
    await clock.advance(80_000);
    isAway = false;
    await clock.advance(10_000);
    assert.deepEqual([await sent(broker), errors.length], [["cron:shop.tick:2026-01-01T12:00:00.000Z"], 0]);
    isAway = true;
    await clock.advance(3_700_000);
    assert.equal(errors.length, 1);
  });
});
