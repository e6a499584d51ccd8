/** A unit that is scaled by what waits in its queue. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startSystem } from "./start-system.ts";

const file = join(import.meta.dirname, "../fixtures/queue-work/system.ts");

test("a unit grows with its queue, and shrinks when the queue is empty", async () => {
  const home = await mkdtemp(join(tmpdir(), "cantle-works-"));
  const gate = join(home, "gate");
  const env = { ...process.env, CANTLE_HOME: home, LOG_LEVEL: "error" };
  const running = await startSystem({ file, placement: "each", port: 0, set: [`work.gate=${gate}`], env });
  const ready = () => running.list().filter(({ unit, state }) => unit === "work" && state === "ready").length;
  const until = async (count: number) => {
    while (ready() !== count) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  try {
    assert.equal(ready(), 1);
    const body = JSON.stringify({ count: 40 });
    const headers = { "content-type": "application/json" };
    const given = await fetch(`${running.addresses.gateway}/jobs`, { method: "POST", headers, body });
    assert.equal(given.status, 204);
    await until(2);
    await writeFile(gate, "");
    await until(1);
  } finally {
    await running.stop();
    await rm(home, { recursive: true });
  }
});
