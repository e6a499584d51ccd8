import assert from "node:assert/strict";
import { test } from "node:test";
import { RetryBudget } from "./retry-budget.ts";

const policy = { ratio: 0.2, perSecondMin: 1 };
const many = (times: number, act: () => unknown) => Array.from({ length: times }, act);
const taken = (budget: RetryBudget, times: number, nowMs: number) =>
  many(times, () => budget.take(policy, nowMs)).filter(Boolean).length;

test("a fifth of the calls of the last ten seconds may be retries", () => {
  const budget = new RetryBudget();
  many(500, () => budget.called(0));
  assert.equal(taken(budget, 500, 0), 100);
});

test("a target with few calls has a retry a second, ten in ten seconds, and no more", () => {
  const budget = new RetryBudget();
  budget.called(0);
  assert.equal(taken(budget, 50, 0), 10);
  assert.equal(taken(budget, 50, 9_999), 0);
  assert.equal(taken(budget, 50, 10_000), 10);
});

test("the free ones are not on top of the share", () => {
  const budget = new RetryBudget();
  many(100, () => budget.called(0));
  assert.equal(taken(budget, 500, 0), 20);
});

test("calls of long ago pay for nothing", () => {
  const budget = new RetryBudget();
  many(500, () => budget.called(0));
  assert.equal(taken(budget, 500, 20_000), 10);
});

test("a budget of nothing is none", () => {
  const budget = new RetryBudget();
  many(500, () => budget.called(0));
  assert.equal(budget.take({ ratio: 0, perSecondMin: 0 }, 0), false);
});
