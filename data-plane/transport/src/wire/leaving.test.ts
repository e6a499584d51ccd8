/** How the serving end leaves: drained, or stopped. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, goawayCode, quiet, serve } from "./fixture.ts";
import { kinds } from "./frame.ts";
import { rawRequest } from "./raw-peer.ts";

test("draining tells the peer, refuses new calls before their handler, and waits for those under way", async () => {
  const release = Promise.withResolvers<void>();
  let entered = 0;
  const { dial, serving } = serve({
    async handle() {
      entered++;
      await release.promise;
      return { kind: "value", value: 1 };
    },
  });
  const peer = dial();
  peer.hello();
  await peer.next(kinds.hello);
  peer.frame(kinds.request, 1, rawRequest());
  await quiet();
  const drained = serving.drain();
  assert.equal(goawayCode(await peer.next(kinds.goaway)), "DRAINING");
  peer.frame(kinds.request, 2, rawRequest());
  assert.equal(codeOf(await peer.next(kinds.error)), "DRAINING");
  assert.equal(entered, 1);
  release.resolve();
  assert.equal((await peer.next(kinds.reply)).call, 1);
  peer.destroy();
  await drained;
});

test("a request that meets the goaway on its way is told DRAINING, though nothing is under way any more", async () => {
  let entered = 0;
  const { dial, serving } = serve({
    async handle() {
      entered++;
      return { kind: "value", value: 1 };
    },
  });
  const peer = dial();
  peer.hello();
  await peer.next(kinds.hello);
  const drained = serving.drain();
  await peer.next(kinds.goaway);
  await quiet();
  peer.frame(kinds.request, 1, rawRequest());
  assert.equal(codeOf(await peer.next(kinds.error)), "DRAINING");
  assert.equal(entered, 0);
  peer.destroy();
  await drained;
});

test("a client that does not close after a goaway is not waited for longer than closeTimeoutMs", async () => {
  const { clock, dial, serving } = serve({ limits: { closeTimeoutMs: 300 } });
  const peer = dial();
  peer.hello();
  await peer.next(kinds.hello);
  let isDrained = false;
  const drained = serving.drain().then(() => {
    isDrained = true;
  });
  await peer.next(kinds.goaway);
  await clock.advance(299);
  await quiet();
  assert.equal(isDrained, false);
  await clock.advance(2);
  await drained;
  await peer.closed;
});

test("stop cancels what its grace leaves over", async () => {
  const { clock, dial, serving } = serve({ handle: (call) => new Promise((_, reject) => void call.onCancel(reject)) });
  const peer = dial();
  peer.hello();
  await peer.next(kinds.hello);
  peer.frame(kinds.request, 1, rawRequest());
  await quiet();
  const stopped = serving.stop(500);
  await clock.advance(499);
  assert.equal(peer.frames.filter(({ kind }) => kind === kinds.error).length, 0);
  await clock.advance(2);
  await stopped;
  await peer.closed;
});
