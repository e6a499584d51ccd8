import assert from "node:assert/strict";
import { test } from "node:test";
import { Latency } from "./latency.ts";

test("a slow answer counts at once and whole", () => {
  const latency = new Latency();
  latency.answered(5, 0);
  latency.answered(300, 10);
  assert.equal(latency.costMs(10), 300);
});

test("a fast answer counts the more, the longer the last one is ago", () => {
  const [soon, late] = [new Latency(), new Latency()];
  for (const each of [soon, late]) each.answered(100, 0);
  soon.answered(1, 100);
  late.answered(1, 5_000);
  assert.ok(soon.costMs(100) > 90);
  assert.ok(late.costMs(5_000) < 15);
});

test("an endpoint that is not called looks faster with time, so that it is tried again", () => {
  const latency = new Latency();
  latency.answered(100, 0);
  assert.ok(latency.costMs(10_000) < 1);
});

test("silence counts from the first call that nobody answered, until there is a word", () => {
  const latency = new Latency();
  latency.answered(5, 0);
  latency.asked(1_000);
  latency.asked(4_000);
  assert.equal(latency.costMs(5_000), 4_000);
  latency.heard();
  assert.ok(latency.costMs(5_000) < 1);
  latency.asked(6_000);
  assert.equal(latency.costMs(6_500), 500);
});

test("one that was silent is tried again after ten seconds, with one call", () => {
  const latency = new Latency();
  latency.answered(5, 0);
  latency.asked(1_000);
  latency.failed(200, 1_200);
  assert.equal(latency.costMs(10_999), 9_999);
  assert.ok(latency.costMs(11_000) < 5);
  latency.asked(11_000);
  assert.equal(latency.costMs(11_010), 10_010);
});

test("a fast failure does not make an endpoint look fast, and a slow one makes it look slow", () => {
  const latency = new Latency();
  latency.answered(50, 0);
  latency.failed(1, 0);
  assert.equal(latency.costMs(0), 50);
  latency.failed(200, 0);
  assert.equal(latency.costMs(0), 200);
});

test("each shed call makes an endpoint look twice as slow, up to a second", () => {
  const latency = new Latency();
  latency.answered(10, 0);
  latency.shed(0);
  assert.equal(latency.costMs(0), 20);
  for (let more = 0; more < 20; more++) latency.shed(0);
  assert.equal(latency.costMs(0), 1_000);
});
