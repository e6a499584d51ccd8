/** The rules of feeds: what was published arrives at those who follow, once, and can be made again from the events. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestSystem } from "@cantle/testing";
import { articles } from "../articles/contract.ts";
import { people, until } from "../conduit/people.ts";
import blog from "../system.ts";
import { feeds } from "./contract.ts";

test("who follows the author finds the article in the feed, newest first; who does not, does not", async (t) => {
  const system = await startTestSystem(blog, { test: t });
  const { ann, bob, eve, follow, publish } = await people(system);
  await follow(bob, "ann");
  await publish(ann, "One");
  await publish(ann, "Two");
  await publish(bob, "Of bob");
  const titles = async (who: { readonly id: string }) =>
    (await system.client(feeds, { as: who }).mine()).entries.map(({ title }) => title);
  await until(async () => (await titles(bob)).length === 2);
  assert.deepEqual(await titles(bob), ["Two", "One"]);
  assert.deepEqual(await titles(eve), []);
});

test("an article that could not be published is in nobody's feed", async (t) => {
  const system = await startTestSystem(blog, { test: t });
  const { ann, bob, follow, publish } = await people(system);
  await follow(bob, "ann");
  const create = system.client(articles, { as: { id: "nobody" } }).create;
  await assert.rejects(create({ article: { title: "Ghost", description: "d", body: "b" } }));
  await publish(ann, "Real");
  const mine = system.client(feeds, { as: bob }).mine;
  await until(async () => (await mine()).entries.length > 0);
  assert.deepEqual(
    (await mine()).entries.map(({ title }) => title),
    ["Real"],
  );
});
