import assert from "node:assert/strict";
import { test } from "node:test";
import { Batcher } from "./batcher.ts";

/** A batcher of numbers that weigh what they are; each call waits to be answered. */
function fixture(weightMax = 10, waitingWeightMax = 100) {
  const calls: { readonly items: readonly number[]; readonly answer: PromiseWithResolvers<readonly string[]> }[] = [];
  const batcher = new Batcher<number, string>({
    send: (items) => {
      const answer = Promise.withResolvers<readonly string[]>();
      calls.push({ items, answer });
      return answer.promise;
    },
    weightOf: (item) => item,
    weightMax,
    waitingWeightMax,
    full: () => new RangeError("full"),
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    batcher,
    sent: () => calls.map(({ items }) => items),
    async answer() {
      await turn();
      const { items, answer } = calls.at(-1)!;
      answer.resolve(items.map((item) => `r${item}`));
      await turn();
    },
    async fail() {
      await turn();
      calls.at(-1)!.answer.reject(new RangeError("no"));
      await turn();
    },
  };
}

test("what is added at once leaves in one call, what comes meanwhile in the next one, and each gets its own results", async () => {
  const { batcher, sent, answer } = fixture();
  const [one, two] = [batcher.add([1]), batcher.add([2, 3])];
  assert.equal(batcher.isIdle, false);
  await new Promise((resolve) => setImmediate(resolve));
  const three = batcher.add([4]);
  await answer();
  await answer();
  assert.deepEqual(sent(), [[1, 2, 3], [4]]);
  assert.deepEqual(await Promise.all([one, two, three]), [["r1"], ["r2", "r3"], ["r4"]]);
  await batcher.idle();
  assert.equal(batcher.isIdle, true);
});

test("a call is not much larger than it may be, and what is added together may take several, in order", async () => {
  const { batcher, sent, answer } = fixture();
  const [one, two] = [batcher.add([6, 6, 6, 1]), batcher.add([2])];
  for (let call = 0; call < 2; call++) await answer();
  assert.deepEqual(sent(), [
    [6, 6],
    [6, 1, 2],
  ]);
  assert.deepEqual(await Promise.all([one, two]), [["r6", "r6", "r6", "r1"], ["r2"]]);
});

test("when a call fails, the rest of what was added with it is not sent; others are", async () => {
  const { batcher, sent, answer, fail } = fixture();
  const [one, two] = [batcher.add([6, 6, 6]), batcher.add([2])];
  const failed = assert.rejects(one, RangeError);
  await fail();
  await answer();
  await failed;
  assert.deepEqual(sent(), [[6, 6], [2]]);
  assert.deepEqual(await two, ["r2"]);
});

test("too much at once is refused, and taken again when there is room", async () => {
  const { batcher, answer } = fixture(10, 20);
  const first = batcher.add([10]);
  const second = batcher.add([10]);
  await assert.rejects(batcher.add([1]), /full/);
  await answer();
  await answer();
  await Promise.all([first, second]);
  const third = batcher.add([50]);
  await answer();
  assert.deepEqual(await third, ["r50"]);
  assert.deepEqual(await batcher.add([]), []);
});
