/** Brokers in processes of their own that are killed in the middle of everything. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@cantle/core";
import { newFolder } from "./temporary.ts";
import { missing, openSmall, saidNothing, startWorker } from "./test-worker.ts";

test("killed in the middle of publishing, it has everything that was acknowledged, and starts by itself", async (t) => {
  const folder = newFolder(t);
  const random = seededRandom(3);
  const said = saidNothing();
  for (let round = 0; round < 4; round++) {
    const working = startWorker(t, folder);
    await working.stored(200 + random.next() * 600);
    await working.kill();
    working.tell(said);
    const broker = await openSmall(folder);
    assert.deepEqual(await missing(broker, said), { lost: [], again: [] });
    await broker.close();
  }
});

test("a folder that a process has is refused, and free when that is killed", async (t) => {
  const folder = newFolder(t);
  const working = startWorker(t, folder);
  await working.stored(1);
  await assert.rejects(openSmall(folder), { code: "ALREADY_RUNNING", place: folder });
  await working.kill();
  await (await openSmall(folder)).close();
});

test("what was in hand when a process was killed was tried once, and waits until its lease would have been over", async (t) => {
  const folder = newFolder(t);
  const working = startWorker(t, folder);
  await working.stored(300);
  await working.kill();
  const broker = await openSmall(folder);
  const [facts] = (await broker.queue?.queues()) ?? [];
  assert.ok((facts?.delayed ?? 0) > 0);
  await broker.close();
});
