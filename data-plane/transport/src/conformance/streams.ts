/** Items, downloads and uploads: in order, whole, and no faster than their readers. */
import assert from "node:assert/strict";
import { type Bytes, CantleError } from "@cantle/core";
import { photo, putPhoto, stream } from "./backend.ts";
import { collect, failure, itemsOf, read } from "./calls.ts";
import { counted, countTo, each, endless, endlessBytes, gate } from "./sources.ts";
import type { Suite } from "./suite.ts";

/** Describes those tests. */
export function streamsSuite({ check, sameProcess, backPressure }: Suite): void {
  check("items arrive in order", async ({ call, backend }) => {
    backend.on(stream, async () => ({ kind: "items", items: countTo(500) }));
    const items: unknown[] = [];
    for await (const item of itemsOf(await call(stream))) items.push(item);
    assert.deepEqual(
      items,
      Array.from({ length: 500 }, (_, n) => ({ n })),
    );
  });

  check("a stream may be empty", async ({ call, backend }) => {
    backend.on(stream, async () => ({ kind: "items", items: countTo(0) }));
    for await (const item of itemsOf(await call(stream))) assert.fail(`got ${JSON.stringify(item)}`);
  });

  check("an error in a stream arrives after its items", async ({ call, backend }) => {
    backend.on(stream, async () => ({
      kind: "items",
      items: (async function* () {
        yield { n: 1 };
        throw new CantleError("DECLARED", "gone", { failure: "Gone", status: 410 });
      })(),
    }));
    const items: unknown[] = [];
    const error = await failure(
      (async () => {
        for await (const item of itemsOf(await call(stream))) items.push(item);
      })(),
    );
    assert.deepEqual(items, [{ n: 1 }]);
    assert.equal(error.failure, "Gone");
  });

  check("leaving a stream ends its source", async ({ call, backend }) => {
    const ended = gate();
    backend.on(stream, async () => ({ kind: "items", items: endless(ended.open) }));
    for await (const item of itemsOf(await call(stream))) if ((item as { n: number }).n === 3) break;
    await ended.opened;
  });

  check("a download arrives whole, with its type", async ({ call, backend }) => {
    const chunks = [Buffer.alloc(100_000, 1), Buffer.alloc(0), Buffer.alloc(300_000, 2)];
    const download: Bytes = { type: "image/png", size: 400_000, chunks: each(chunks) };
    backend.on(photo, async () => ({ kind: "download", download }));
    const reply = await call(photo);
    assert.ok(reply.kind === "download");
    assert.equal(reply.download.type, "image/png");
    assert.ok(reply.download.size === undefined || reply.download.size === 400_000);
    assert.ok(Buffer.concat(chunks).equals(await collect(reply.download)));
  });

  check("an upload arrives whole, with its type", async ({ call, backend }) => {
    backend.on(putPhoto, async (received) => {
      const bytes = await collect(received.upload!);
      return { kind: "value", value: { type: received.upload!.type, bytes: bytes.length, last: bytes.at(-1) } };
    });
    const upload: Bytes = { type: "image/jpeg", chunks: each([Buffer.alloc(70_000, 3), Buffer.alloc(200_000, 9)]) };
    const reply = await read(await call(putPhoto, { upload }));
    assert.deepEqual(reply, { type: "image/jpeg", bytes: 270_000, last: 9 });
  });

  check("an upload whose source fails fails the call, and the handler is told", async ({ call, backend }) => {
    const told = gate();
    backend.on(putPhoto, async (received) => {
      await collect(received.upload!).catch(told.open);
      throw new CantleError("INTERNAL", "the upload broke");
    });
    const source = (async function* () {
      yield Buffer.alloc(1000);
      throw new CantleError("BODY_MALFORMED", "the source broke");
    })();
    await failure(call(putPhoto, { upload: { type: "image/png", chunks: source } }));
    await told.opened;
  });

  check("a handler may answer without reading the upload, and its source is let go", async ({ call, backend }) => {
    backend.on(putPhoto, async () => {
      throw new CantleError("FORBIDDEN", "no");
    });
    const ended = gate();
    const chunks = endlessBytes(ended.open);
    assert.equal((await failure(call(putPhoto, { upload: { type: "image/png", chunks } }))).code, "FORBIDDEN");
    if (!sameProcess) await ended.opened;
  });

  if (backPressure && !sameProcess) {
    check("a slow reader holds a stream's source back", async ({ call, backend }) => {
      const ended = gate();
      const source = counted(endlessBytes(ended.open));
      backend.on(photo, async () => ({ kind: "download", download: { type: "image/png", chunks: source.chunks } }));
      const reply = await call(photo);
      assert.ok(reply.kind === "download");
      const reader = reply.download.chunks[Symbol.asyncIterator]();
      await reader.next();
      await source.stalled();
      assert.ok(source.bytes() < 16 * 1024 * 1024, `${source.bytes()} bytes were read ahead`);
      await reader.return?.();
      await ended.opened;
    });

    check("a slow handler holds an upload's source back", async ({ call, backend }) => {
      const ended = gate();
      const source = counted(endlessBytes(ended.open));
      const release = gate();
      backend.on(putPhoto, async () => {
        await release.opened;
        return { kind: "value", value: {} };
      });
      const answer = call(putPhoto, { upload: { type: "image/png", chunks: source.chunks } });
      await source.stalled();
      assert.ok(source.bytes() < 16 * 1024 * 1024, `${source.bytes()} bytes were read ahead`);
      release.open();
      await answer;
      await ended.opened;
    });
  }
}
