/** Errors arrive as they were thrown, and whoever may not call is refused before any handler. */
import assert from "node:assert/strict";
import { type Caller, CantleError } from "@cantle/core";
import { echo } from "./backend.ts";
import { failure, read } from "./calls.ts";
import type { Suite } from "./suite.ts";

/** Describes those tests. */
export function failuresSuite({ check, sameProcess }: Suite): void {
  check("a coded error arrives as it was thrown, without what is for the log", async ({ call, backend }) => {
    backend.on(echo, async () => {
      throw new CantleError("INPUT_INVALID", "the input does not fit", {
        errors: { "/text": ["is required"] },
        retried: true,
        retryAfterSeconds: 3,
        notes: sameProcess ? "" : "only for the log",
      });
    });
    const error = await failure(call(echo));
    assert.equal(error.code, "INPUT_INVALID");
    assert.equal(error.message, "the input does not fit");
    assert.deepEqual(error.errors, { "/text": ["is required"] });
    assert.equal(error.retried, true);
    assert.equal(error.retryAfterSeconds, 3);
    if (!sameProcess) assert.equal(error.notes, undefined);
  });

  check("a declared error arrives with its name, status and data", async ({ call, backend }) => {
    const data = { email: "a@b.c" };
    backend.on(echo, async () => {
      throw new CantleError("DECLARED", "taken", { failure: "EmailTaken", status: 409, data });
    });
    const error = await failure(call(echo));
    assert.deepEqual([error.code, error.failure, error.status], ["DECLARED", "EmailTaken", 409]);
    assert.deepEqual(error.data, data);
  });

  if (!sameProcess) {
    check("anything else that is thrown tells nothing", async ({ call, backend }) => {
      for (const thrown of [new TypeError("secret of the house"), "secret of the house", null]) {
        backend.on(echo, () => Promise.reject(thrown));
        const error = await failure(call(echo));
        assert.equal(error.code, "INTERNAL");
        assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /secret/);
      }
    });

    check(
      "a reply that JSON cannot say is an error of the service, and the next call is fine",
      async ({ call, backend }) => {
        const cycle: Record<string, unknown> = {};
        cycle.self = cycle;
        for (const value of [cycle, 1n]) {
          backend.on(echo, async () => ({ kind: "value", value }));
          assert.ok(["INTERNAL", "OUTPUT_INVALID"].includes((await failure(call(echo))).code));
        }
        backend.on(echo, async () => ({ kind: "value", value: 1 }));
        assert.equal(await read(await call(echo)), 1);
      },
    );
  }

  for (const odd of ["missing", "__proto__", "constructor", "toString", "hasOwnProperty", "__defineGetter__"]) {
    check(`there is no operation '${odd}'`, async ({ call, backend }) => {
      const error = await failure(call({ ...echo, name: odd, path: "/nowhere" }));
      assert.ok(["OPERATION_UNKNOWN", "ROUTE_UNKNOWN"].includes(error.code), error.code);
      assert.equal(backend.calls.length, 0);
    });
  }

  if (!sameProcess) {
    check(
      "a peer without a token is refused",
      async ({ call, backend }) => {
        assert.equal((await failure(call(echo))).code, "PEER_REFUSED");
        assert.equal(backend.calls.length, 0);
      },
      { token: undefined },
    );

    check(
      "a peer with a forged token is refused",
      async ({ call, backend }) => {
        assert.equal((await failure(call(echo))).code, "PEER_REFUSED");
        assert.equal(backend.calls.length, 0);
      },
      { token: "forged" },
    );

    check("a peer that speaks for a service of another unit is refused", async ({ call, backend }) => {
      assert.equal((await failure(call(echo, { peer: "payroll" }))).code, "PEER_REFUSED");
      assert.equal(backend.calls.length, 0);
      await call(echo, { peer: "orders" });
    });

    check("a forged caller is refused", async ({ call, backend }) => {
      const caller: Caller = { id: "eve", roles: ["admin"], assertion: "forged" };
      assert.equal((await failure(call(echo, { caller }))).code, "UNAUTHENTICATED");
      assert.equal(backend.calls.length, 0);
    });
  }
}
