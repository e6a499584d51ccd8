/** What a call carries besides its input. */
import assert from "node:assert/strict";
import { type Caller, CantleError } from "@cantle/core";
import { echo } from "./backend.ts";
import { failure } from "./calls.ts";
import type { Suite } from "./suite.ts";

/** Describes those tests. */
export function travelsSuite({ check }: Suite): void {
  check("trace, idempotency key, peer and caller arrive", async ({ call, backend }) => {
    const trace = {
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      spanId: "00f067aa0ba902b7",
      sampled: true,
      state: "a=1,b=2",
    };
    const caller: Caller = { id: "ann", roles: ["admin"], assertion: "assertion-of-ann" };
    await call(echo, { trace, caller, idempotencyKey: "key-1", peer: "billing" });
    const seen = backend.calls[0]!;
    assert.deepEqual({ ...seen.trace }, trace);
    assert.equal(seen.idempotencyKey, "key-1");
    assert.equal(seen.peer.service, "billing");
    assert.equal(seen.caller?.id, "ann");
    assert.deepEqual(seen.caller?.roles, ["admin"]);
  });

  check("baggage arrives, whatever is in it", async ({ call, backend }) => {
    const baggage = { canary: "yes", user: 'Amélie, =;"\\ 😀', __proto: "1", empty: "" };
    await call(echo, { baggage });
    assert.deepEqual({ ...backend.calls[0]!.baggage }, baggage);
  });

  check("a reply says that it stands in for one that did not come", async ({ call, backend }) => {
    for (const fallback of ["value", "function", "last"] as const) {
      backend.on(echo, async () => ({ kind: "value", value: { a: 1 }, fallback }));
      assert.equal((await call(echo)).fallback, fallback);
    }
    backend.on(echo, async () => ({ kind: "value", value: { a: 1 } }));
    assert.equal((await call(echo)).fallback, undefined);
  });

  check("a reply says that a hop below has retried, and so does a failure", async ({ call, backend }) => {
    backend.on(echo, async () => ({ kind: "value", value: { a: 1 }, retried: true }));
    assert.equal((await call(echo)).retried, true);
    backend.on(echo, () => Promise.reject(new CantleError("UNREACHABLE", "broken", { retried: true })));
    assert.equal((await failure(call(echo))).retried, true);
    backend.on(echo, () => Promise.reject(new CantleError("UNREACHABLE", "broken")));
    assert.equal((await failure(call(echo))).retried, false);
  });

  check("what a call does not have does not arrive", async ({ call, backend }) => {
    await call(echo);
    const seen = backend.calls[0]!;
    assert.equal(seen.caller, undefined);
    assert.equal(seen.idempotencyKey, undefined);
    assert.equal(seen.baggage, undefined);
    assert.equal(seen.upload, undefined);
    assert.equal(seen.trace.state, undefined);
  });

  check("the deadline arrives as what is left of it", async ({ call, backend, clock }) => {
    await call(echo, { deadlineMs: clock.nowMs() + 750 });
    const left = backend.calls[0]!.deadlineMs - clock.nowMs();
    assert.ok(left > 700 && left <= 750, `left ${left}`);
    await call(echo, { deadlineMs: Number.POSITIVE_INFINITY });
    assert.equal(backend.calls[1]!.deadlineMs, Number.POSITIVE_INFINITY);
  });
}
