import assert from "node:assert/strict";
import { test } from "node:test";
import { insideTransaction, runInTransaction } from "./transaction-scope.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("only what the callback awaits is inside", async () => {
  assert.equal(insideTransaction(), false);
  const running = runInTransaction(async () => {
    await turn();
    return insideTransaction();
  });
  assert.equal(insideTransaction(), false);
  assert.equal(await running, true);
  assert.equal(insideTransaction(), false);
});

test("what the callback left running is outside once the callback ended", async () => {
  let during: boolean | undefined;
  let left: Promise<boolean> | undefined;
  const ended = Promise.withResolvers<void>();
  await runInTransaction(async () => {
    left = (async () => {
      during = insideTransaction();
      await ended.promise;
      return insideTransaction();
    })();
  });
  ended.resolve();
  assert.equal(during, true);
  assert.equal(await left, false);
});

test("a callback that throws ends the scope too, and its error comes through", async () => {
  const oops = new RangeError("oops");
  let left: Promise<boolean> | undefined;
  await assert.rejects(
    runInTransaction(async () => {
      left = turn().then(() => insideTransaction());
      throw oops;
    }),
    oops,
  );
  assert.equal(await left, false);
});

test("scopes nest and each knows its owner", async () => {
  const [accounts, posts] = [{}, {}];
  await runInTransaction(async () => {
    await runInTransaction(async () => {
      assert.equal(insideTransaction(accounts), true);
      assert.equal(insideTransaction(posts), true);
      assert.equal(insideTransaction({}), false);
    }, posts);
    assert.equal(insideTransaction(accounts), true);
    assert.equal(insideTransaction(posts), false);
  }, accounts);
});

test("concurrent transactions do not see each other's scope", async () => {
  const owners = Array.from({ length: 8 }, () => ({}));
  await Promise.all(
    owners.map((owner) =>
      runInTransaction(async () => {
        await turn();
        assert.deepEqual(
          owners.map(insideTransaction),
          owners.map((other) => other === owner),
        );
      }, owner),
    ),
  );
});
