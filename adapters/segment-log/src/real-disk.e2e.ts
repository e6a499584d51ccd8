/**
 * Real disks that fail: a file system that is full, and an `fdatasync` that says EIO. Each needs something of the machine, and says so
 * where it is not there: to mount (root, Linux), and a C compiler.
 */
import assert from "node:assert/strict";
import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { delay, systemClock, systemRandom } from "@cantle/core";
import type { Broker, Delivery } from "@cantle/messaging";
import { silentLogger } from "@cantle/telemetry";
import { createSegmentLog } from "./engine.ts";
import { newFolder } from "./temporary.ts";

const queue = "shop.work";

function open(folder: string): Promise<Broker> {
  const engine = createSegmentLog({ reserveBytes: 64 * 1024, segmentBytes: 256 * 1024 });
  return engine.open({ url: `segment-log:${folder}`, clock: systemClock, random: systemRandom(), log: silentLogger });
}

function message(id: string) {
  return { id, source: "shop", time: "2026-01-01T00:00:00.000Z", data: Buffer.alloc(2_000, 0x61) };
}

async function codeOf(promise: Promise<unknown> | undefined): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** A small file system of its own; undefined where this process may not mount one. */
function smallDisk(t: TestContext, limits: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "cantle-segment-log-"));
  const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", limits, "tmpfs", folder]).status === 0;
  t.after(() => {
    if (isMounted) spawnSync("umount", ["--lazy", folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return isMounted ? folder : undefined;
}

const failingSync = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
  const char *flag = getenv("FAIL_WHEN_THERE");
  if (flag && access(flag, F_OK) == 0) { unlink(flag); errno = EIO; return -1; }
  return real(fd);
}
`;

/** A library that lets one `fdatasync` fail; undefined without a compiler. */
function failingLibrary(folder: string): string | undefined {
  const [source, library] = [join(folder, "failing.c"), join(folder, "failing.so")];
  writeFileSync(source, failingSync);
  const compiled = spawnSync("cc", ["-shared", "-fPIC", "-o", library, source, "-ldl"]);
  return compiled.status === 0 ? library : undefined;
}

/** What the child runs: publishes once, lets the next sync fail, publishes twice more, and says what it heard. */
async function failOnce(folder: string, flag: string): Promise<void> {
  const broker = await open(folder);
  const heard = [await codeOf(broker.queue?.send(queue, [message("before")]))];
  writeFileSync(flag, "");
  heard.push(await codeOf(broker.queue?.send(queue, [message("during")])));
  heard.push(existsSync(flag) ? "no sync failed" : "one sync failed");
  heard.push(await codeOf(broker.queue?.send(queue, [message("after")])));
  heard.push(await codeOf(broker.check()));
  await broker.close();
  process.send?.(heard);
  process.disconnect();
}

if (process.send !== undefined && process.argv[3] !== undefined) {
  await failOnce(process.argv[2] as string, process.argv[3]);
} else {
  test("a disk that fills up refuses publishers; consumers go on; when there is room, all goes on by itself", async (t) => {
    const disk = smallDisk(t, "size=4m");
    if (disk === undefined) return t.skip("may not mount a tmpfs here: run it as root on Linux");
    const folder = join(disk, "broker");
    let last = await open(folder);
    t.after(() => last.close());
    const broker = last;
    const ballast = join(disk, "ballast");
    writeFileSync(ballast, Buffer.alloc(500_000));
    const stored: string[] = [];
    let code = "none";
    while (code === "none") {
      const id = `m-${stored.length}`;
      code = await codeOf(broker.queue?.send(queue, [message(id)]));
      if (code === "none") stored.push(id);
    }
    assert.equal(code, "BROKER_FULL");
    assert.equal(await codeOf(broker.check()), "BROKER_FULL");
    const taken: string[] = [];
    const acked: Promise<void>[] = [];
    const onDelivery = (delivery: Delivery) => {
      taken.push(delivery.message.id);
      acked.push(delivery.ack());
    };
    const worker = await broker.queue?.consume(queue, { inFlightMax: 10, leaseMs: 60_000, onDelivery });
    while (taken.length < stored.length) await delay(systemClock, 5);
    await Promise.all(acked);
    await worker?.stop();
    rmSync(ballast);
    while ((await codeOf(broker.check())) !== "none") await delay(systemClock, 20);
    await broker.queue?.send(queue, [message("afterwards")]);
    await broker.close();
    last = await open(folder);
    assert.deepEqual(
      (await last.queue?.peek(queue, 10))?.map(({ id }) => id),
      ["afterwards"],
    );
    return undefined;
  });

  test("a disk without inodes has no room for another segment: the last one grows, and nothing is lost", async (t) => {
    const disk = smallDisk(t, "size=16m,nr_inodes=24");
    if (disk === undefined) return t.skip("may not mount a tmpfs here: run it as root on Linux");
    const folder = join(disk, "broker");
    let broker = await open(folder);
    t.after(() => broker.close());
    const ballast = join(disk, "ballast");
    mkdirSync(ballast);
    const segments = () => readdirSync(folder).filter((name) => name.endsWith(".segment")).length;
    let full = 0;
    while ((await codeOf(writeFile(join(ballast, `${full}`), ""))) === "none") full++;
    const before = segments();
    const ids = Array.from({ length: 400 }, (_, index) => `m-${index}`);
    for (const id of ids) await broker.queue?.send(queue, [message(id)]);
    assert.equal(segments(), before);
    rmSync(ballast, { recursive: true });
    await broker.close();
    broker = await open(folder);
    assert.deepEqual(
      (await broker.queue?.peek(queue, 1_000))?.map(({ id }) => id),
      ids,
    );
    for (const id of ids) await broker.queue?.send(queue, [message(`more-${id}`)]);
    assert.ok(segments() > before);
    return undefined;
  });

  test("after one fdatasync that says EIO nothing is acknowledged until it is opened again", async (t) => {
    const [folder, workshop] = [newFolder(t), newFolder(t)];
    const library = process.platform === "linux" ? failingLibrary(workshop) : undefined;
    if (library === undefined) return t.skip("needs Linux and a C compiler: apt-get install gcc");
    const flag = join(workshop, "fail");
    const env = { ...process.env, LD_PRELOAD: library, FAIL_WHEN_THERE: flag };
    const child = fork(fileURLToPath(import.meta.url), [folder, flag], { env });
    t.after(() => child.kill("SIGKILL"));
    const [heard] = (await once(child, "message")) as [string[]];
    const refused = "BROKER_UNAVAILABLE";
    assert.deepEqual(heard, ["none", refused, "one sync failed", refused, refused]);
    await once(child, "exit");
    const again = await open(folder);
    t.after(() => again.close());
    assert.equal((await again.queue?.peek(queue, 10))?.[0]?.id, "before");
    await again.queue?.send(queue, [message("later")]);
    return undefined;
  });
}
