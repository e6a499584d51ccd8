/** The rules of notices: each follower is told once, however often the provider fails. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@cantle/core";
import { startTestSystem } from "@cantle/testing";
import { people, until } from "../conduit/people.ts";
import blog from "../system.ts";
import { notices } from "./contract.ts";

test("every follower is told of a new article once, though the provider fails now and then", async (t) => {
  const config = { notices: { failureShare: 0.3 } };
  const system = await startTestSystem(blog, { test: t, config, random: seededRandom(7) });
  const { ann, bob, eve, follow, publish } = await people(system);
  await Promise.all([follow(bob, "ann"), follow(eve, "ann")]);
  for (const title of ["One", "Two", "Three"]) await publish(ann, title);
  for (const reader of [bob, eve]) {
    const mine = system.client(notices, { as: reader }).mine;
    await until(async () => (await mine()).notices.length >= 3);
    const texts = (await mine()).notices.map(({ text }) => text).sort();
    assert.deepEqual(texts, ["New: One", "New: Three", "New: Two"]);
  }
});
