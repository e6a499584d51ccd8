/**
 * The power fails under a broker that works on a real file system: what was written and not synced is gone, its journal is recovered,
 * and the broker is opened on what is left. The disk is described in `test-disk.ts`; where a machine has none, it says why.
 * CANTLE_SEED chooses other moments.
 */
import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom } from "@cantle/core";
import { lackOfDisk, newDisk } from "./test-disk.ts";
import { missing, openSmall, saidNothing, startWorker } from "./test-worker.ts";

const seed = Number(process.env["CANTLE_SEED"] ?? 1);
const cutsMax = 5;

test(`five power cuts on one disk, and nothing acknowledged is lost, nothing acked is back (seed ${seed})`, async (t) => {
  const lack = lackOfDisk();
  if (lack !== undefined) return t.skip(lack);
  const disk = newDisk(t);
  const folder = join(disk.folder, "broker");
  const random = seededRandom(seed);
  const said = saidNothing();
  for (let cut = 0; cut < cutsMax; cut++) {
    const working = startWorker(t, folder);
    await working.stored(200 + random.next() * 600);
    // Whatever it says after the cut, nobody would have heard: a sync that runs at that moment may still be called good.
    working.tell(said);
    disk.cut();
    await working.kill();
    // But what it began to ack since then may be there or not.
    working.tell({ ...saidNothing(), taken: said.taken });
    disk.restore();
    const broker = await openSmall(folder);
    assert.deepEqual(await missing(broker, said), { lost: [], again: [] });
    await broker.close();
  }
  return undefined;
});

test("the disk of these tests forgets what was not synced", async (t) => {
  const lack = lackOfDisk();
  if (lack !== undefined) return t.skip(lack);
  const disk = newDisk(t);
  const path = join(disk.folder, "file");
  writeFileSync(path, "synced", { flush: true });
  const file = openSync(path, "a");
  writeSync(file, ", not synced");
  disk.cut();
  assert.throws(() => writeFileSync(join(disk.folder, "later"), "no", { flush: true }), { code: "EIO" });
  closeSync(file);
  disk.restore();
  assert.equal(readFileSync(path, "utf8"), "synced");
  return undefined;
});
