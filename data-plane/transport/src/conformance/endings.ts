/** Cancelling, going away, draining and stopping. */
import assert from "node:assert/strict";
import { CantleError, type Reply } from "@cantle/core";
import { callOf, echo, nothing, stream } from "./backend.ts";
import { drainOf, failure, itemsOf, read } from "./calls.ts";
import { endless, gate } from "./sources.ts";
import type { Suite } from "./suite.ts";

/** Describes those tests. */
export function endingsSuite({ check, sameProcess }: Suite): void {
  check("a cancelled call ends at once with the reason, and its handler is told", async ({ connection, backend }) => {
    const [entered, told] = [gate(), gate()];
    backend.on(echo, (received) => {
      received.onCancel(told.open);
      entered.open();
      return new Promise<Reply>((_, reject) => void received.onCancel(reject));
    });
    const outgoing = callOf(echo);
    const answer = failure(connection.handle(outgoing));
    await entered.opened;
    const reason = new CantleError("DEADLINE_EXCEEDED", "the deadline passed");
    outgoing.cancel(reason);
    assert.equal(await answer, reason);
    await told.opened;
  });

  if (!sameProcess) {
    check("a call that was cancelled before it was made is not made", async ({ connection, backend }) => {
      const outgoing = callOf(echo);
      const reason = new CantleError("CANCELLED", "never mind");
      outgoing.cancel(reason);
      assert.equal(await failure(connection.handle(outgoing)), reason);
      await connection.handle(callOf(echo));
      assert.equal(backend.calls.length, 1);
    });

    check("cancelling in the middle of a stream ends both sides", async ({ connection, backend }) => {
      const ended = gate();
      backend.on(stream, async () => ({ kind: "items", items: endless(ended.open) }));
      const outgoing = callOf(stream);
      const items = itemsOf(await connection.handle(outgoing))[Symbol.asyncIterator]();
      await items.next();
      outgoing.cancel(new CantleError("DEADLINE_EXCEEDED", "too late"));
      const error = await failure(drainOf(items));
      assert.equal(error.code, "DEADLINE_EXCEEDED");
      await ended.opened;
    });

    check("a client that goes away cancels its calls", async ({ connection, backend }) => {
      const [entered, told] = [gate(), gate()];
      backend.on(echo, (received) => {
        received.onCancel(told.open);
        entered.open();
        return new Promise<Reply>((_, reject) => void received.onCancel(reject));
      });
      const answer = failure(connection.handle(callOf(echo)));
      await entered.opened;
      await connection.close();
      assert.equal((await answer).code, "UNREACHABLE");
      await told.opened;
      assert.equal(connection.state, "closed");
      assert.equal((await failure(connection.handle(callOf(echo)))).code, "CONNECT_FAILED");
    });

    check("a server that stops fails the calls in flight", async ({ connection, listener, backend }) => {
      const entered = gate();
      backend.on(echo, (received) => {
        entered.open();
        return new Promise<Reply>((_, reject) => void received.onCancel(reject));
      });
      const answer = failure(connection.handle(callOf(echo)));
      await entered.opened;
      await listener.stop(0);
      assert.ok(["UNREACHABLE", "CANCELLED", "UNAVAILABLE"].includes((await answer).code));
      const after = await failure(connection.handle(callOf(echo)));
      assert.ok(["CONNECT_FAILED", "DRAINING"].includes(after.code), after.code);
    });
  }

  check(
    "draining finishes what is in flight and takes nothing new",
    async ({ connection, listener, backend, call }) => {
      const [entered, release] = [gate(), gate()];
      backend.on(echo, async () => {
        entered.open();
        await release.opened;
        return { kind: "value", value: "done" };
      });
      const answer = call(echo);
      await entered.opened;
      let drained = false;
      const draining = listener.drain().then(() => {
        drained = true;
      });
      const refused = await failure(connection.handle(callOf(nothing)));
      assert.ok(["DRAINING", "CONNECT_FAILED"].includes(refused.code), refused.code);
      assert.equal(drained, false);
      release.open();
      assert.equal(await read(await answer), "done");
      await draining;
    },
  );

  check(
    "draining with nothing in flight is done at once, and twice is the same as once",
    async ({ listener, call }) => {
      await call(echo);
      await Promise.all([listener.drain(), listener.drain()]);
      await listener.stop();
      await listener.stop();
    },
  );
}
