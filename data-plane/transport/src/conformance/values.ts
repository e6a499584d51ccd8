/** What goes in comes out, whatever it is made of. */
import assert from "node:assert/strict";
import type { Payload } from "@cantle/core";
import { change, echo, empty, nothing, readOne } from "./backend.ts";
import { read } from "./calls.ts";
import type { Suite } from "./suite.ts";

/** Describes those tests. */
export function valuesSuite({ check }: Suite): void {
  check("a value goes there and comes back", async ({ call }) => {
    const input = { text: "Grüße, 世界 🌍 \u0000 \u2028", list: [1, 2.5, null, true, { deep: [] }] };
    assert.deepEqual(await read(await call(echo, { payload: { kind: "value", value: input } })), input);
  });

  check("JSON bytes go there and come back", async ({ call }) => {
    const payload: Payload = { kind: "bytes", bytes: Buffer.from(`{"text":"as bytes"}`) };
    assert.deepEqual(await read(await call(echo, { payload })), { text: "as bytes" });
  });

  check("empty bytes are the empty input", async ({ call }) => {
    assert.deepEqual(await read(await call(echo, { payload: { kind: "bytes", bytes: new Uint8Array() } })), {});
  });

  check("the parts of an HTTP request go there", async ({ call }) => {
    const get: Payload = { kind: "http", params: { id: "a/ü" }, query: "text=1%202", bytes: new Uint8Array() };
    assert.deepEqual(await read(await call(readOne, { payload: get })), { id: "a/ü", text: "1 2" });
    const put: Payload = { kind: "http", params: { id: "7" }, query: "", bytes: Buffer.from(`{"text":"x"}`) };
    assert.deepEqual(await read(await call(change, { payload: put })), { id: "7", text: "x" });
  });

  check("a body of a mebibyte goes both ways", async ({ call }) => {
    const text = "ä€x".repeat(1 << 18);
    assert.deepEqual(await read(await call(echo, { payload: { kind: "value", value: { text } } })), { text });
  });

  check("200 calls at once each get their own reply", async ({ call }) => {
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, n) => call(echo, { payload: { kind: "value", value: { text: String(n) } } })),
    );
    for (const [n, reply] of replies.entries()) assert.deepEqual(await read(reply), { text: String(n) });
  });

  check("names that every object has are ordinary members", async ({ call }) => {
    const bytes = Buffer.from(`{"text":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`);
    await read(await call(echo, { payload: { kind: "bytes", bytes } }));
    assert.equal("polluted" in {}, false);
  });

  check("a reply without output is empty", async ({ call }) => {
    assert.equal(await read(await call(nothing, { payload: empty })), undefined);
  });

  check("a reply says whether a hop below has retried", async ({ call, backend }) => {
    backend.on(echo, async () => ({ kind: "value", value: {}, retried: true }));
    assert.equal((await call(echo)).retried, true);
    backend.on(echo, async () => ({ kind: "value", value: {} }));
    assert.ok(!(await call(echo)).retried);
  });
}
