import assert from "node:assert/strict";
import { test } from "node:test";
import { bench, opened } from "./breaker-fixture.ts";

test("fifty who ask at half-open make the allowed probes and no more", () => {
  const it = opened();
  it.pass(1_000);
  assert.equal(Array.from({ length: 50 }, () => it.ask()).filter((ticket) => ticket !== 0).length, 3);
  assert.equal(it.state, "half-open");
});

test("it closes when the probes went well", () => {
  const it = opened();
  it.pass(1_000);
  assert.equal(it.calls(3, "success"), 3);
  assert.equal(it.state, "closed");
});

test("it does not close before all probes are back", () => {
  const it = opened();
  it.pass(1_000);
  const tickets = [it.ask(), it.ask(), it.ask()];
  it.end(tickets[0] as number, "success");
  it.end(tickets[1] as number, "success");
  assert.equal(it.state, "half-open");
  it.end(tickets[2] as number, "success");
  assert.equal(it.state, "closed");
});

test("fewer calls than probes leave it half-open, and the next ones decide", () => {
  const it = opened();
  it.pass(1_000);
  it.calls(2, "success");
  it.pass(600_000);
  assert.equal(it.state, "half-open");
  it.one("success");
  assert.equal(it.state, "closed");
});

test("it opens again when too many probes fail, without waiting for the rest", () => {
  const it = opened();
  it.pass(1_000);
  const tickets = [it.ask(), it.ask(), it.ask()];
  it.end(tickets[0] as number, "failure");
  it.end(tickets[1] as number, "failure");
  assert.equal(it.state, "open");
});

test("one failed probe of three is less than half, and it closes", () => {
  const it = opened();
  it.pass(1_000);
  it.one("failure");
  it.calls(2, "success");
  assert.equal(it.state, "closed");
});

test("with one probe, one failure opens it again and one success closes it", () => {
  const bad = opened({ probesMax: 1 });
  bad.pass(1_000);
  bad.one("failure");
  assert.equal(bad.state, "open");
  const good = opened({ probesMax: 1 });
  good.pass(1_000);
  good.one("success");
  assert.equal(good.state, "closed");
});

test("where only rows count, one failed probe opens it again", () => {
  const it = bench({ failuresMax: 10, failureRatioMax: 2 });
  it.calls(10, "failure");
  it.pass(1_000);
  it.one("failure");
  assert.equal(it.state, "open");
});

test("slow probes open it again", () => {
  const it = opened({ slowMs: 100, slowRatioMax: 0.5 });
  it.pass(1_000);
  it.calls(2, "success", 200);
  assert.equal(it.state, "open");
});

test("a probe that is ignored gives its place back", () => {
  const it = opened();
  it.pass(1_000);
  assert.equal(it.calls(20, "ignored"), 20);
  assert.equal(it.state, "half-open");
  it.calls(3, "success");
  assert.equal(it.state, "closed");
});

test("probes that hang have failed when their time is over, and it opens again", () => {
  const it = opened();
  it.pass(1_000);
  it.ask();
  it.ask();
  it.pass(499);
  assert.notEqual(it.ask(), 0, "the third place is free");
  it.pass(1);
  assert.equal(it.ask(), 0);
  assert.equal(it.state, "open");
});

test("it recovers from probes that hang", () => {
  const it = opened({ probesMax: 1 });
  it.pass(1_000);
  it.ask();
  it.pass(500);
  assert.equal(it.ask(), 0);
  it.pass(2_000);
  it.one("success");
  assert.equal(it.state, "closed");
});

test("one that hangs among three leaves its place, and the others decide", () => {
  const it = opened();
  it.pass(1_000);
  it.ask();
  it.pass(500);
  it.calls(2, "success");
  assert.equal(it.state, "closed");
});

test("a probe that hung and comes back late says nothing", () => {
  const it = opened({ probesMax: 1 });
  it.pass(1_000);
  const hung = it.ask();
  it.pass(500);
  it.ask();
  it.pass(2_000);
  it.ask();
  it.end(hung, "success", 1_000);
  assert.equal(it.state, "half-open");
});

test("a call of the closed state that comes back at half-open is no probe", () => {
  const it = bench({ probesMax: 1 });
  const late = it.ask();
  it.calls(10, "failure");
  it.pass(1_000);
  it.ask();
  it.end(late, "success", 1_000);
  assert.equal(it.state, "half-open");
});

test("after it closed, what was before is forgotten", () => {
  const it = opened({ failuresMax: 10 });
  it.pass(1_000);
  it.calls(3, "success");
  it.calls(9, "failure");
  assert.equal(it.state, "closed");
});
