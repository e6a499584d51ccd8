import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { InstanceRow } from "@cantle/supervisor";
import { system } from "@cantle/system";
import { testFolder } from "./fixture.ts";
import { missingIn, prepareReadyFile, readyFacts, readyLine, removeReadyFile, writeReadyFile } from "./ready.ts";
import { rowOf } from "./row-fixture.ts";

const load = () => Promise.reject(new Error("not loaded by a test"));
const running = (rows: readonly InstanceRow[], services = {}) => ({
  system: system("blog", { services, units: {}, gateway: { prefix: "/api" } }),
  addresses: { gateway: "http://127.0.0.1:8080" },
  list: () => rows,
});

test("the facts name the services that run, not those of the platform, and what is missing", () => {
  const facts = readyFacts(
    running([
      rowOf("control-1", { services: ["identity", "registry"] }),
      rowOf("web-1", { services: ["posts", "accounts"] }),
      rowOf("web-2", { services: ["posts", "accounts"] }),
      rowOf("mail-1", { state: "failed" }),
    ]),
  );
  assert.deepEqual(facts, {
    system: "blog",
    gateway: "http://127.0.0.1:8080",
    url: "http://127.0.0.1:8080/api",
    pid: process.pid,
    services: ["accounts", "posts"],
    missing: ["mail"],
  });
});

test("a unit is missing when none of its instances is ready, otherwise those instances are", () => {
  const rows = [
    rowOf("a-1"),
    rowOf("a-2", { state: "backing-off" }),
    rowOf("b-1", { state: "failed" }),
    rowOf("b-2", { state: "failed" }),
  ];
  assert.deepEqual(missingIn(rows), ["a-2", "b"]);
});

test("a service that its unit runs without is missing under its own name", () => {
  const services = { posts: load, mail: load, search: load };
  const rows = [rowOf("one-1", { services: ["posts"] }), rowOf("mail-1", { state: "failed" })];
  assert.deepEqual(readyFacts(running(rows, services), "one").missing, ["mail", "search"]);
});

test("the ready line says where, and what it is without", () => {
  const facts = readyFacts(running([rowOf("a-1"), rowOf("b-1", { state: "failed" })]));
  const plain = (_: unknown, text: string) => text;
  assert.equal(readyLine(facts, 812, plain), "blog is ready at http://127.0.0.1:8080/api, without b (0.8s)");
  assert.equal(readyLine({ ...facts, missing: [] }, 812, plain), "blog is ready at http://127.0.0.1:8080/api (0.8s)");
});

test("the ready file is written whole, with nothing left beside it, and removed", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "run/ready.json");
  const facts = readyFacts(running([]));
  prepareReadyFile(path);
  writeReadyFile(path, facts);
  assert.deepEqual(JSON.parse(readFileSync(path, "utf8")), facts);
  assert.deepEqual(readdirSync(join(folder.path, "run")), ["ready.json"]);
  removeReadyFile(path);
  removeReadyFile(path);
  assert.equal(existsSync(path), false);
});

test("a ready file of an earlier start is removed before the next", async () => {
  await using folder = await testFolder({ "ready.json": "{}" });
  const path = join(folder.path, "ready.json");
  prepareReadyFile(path);
  assert.equal(existsSync(path), false);
});

test("a ready file that cannot be written is a mistake in usage, with its path", async () => {
  await using folder = await testFolder({ file: "" });
  const path = join(folder.path, "file/ready.json");
  assert.throws(() => prepareReadyFile(path), { code: "USAGE", place: path });
});
