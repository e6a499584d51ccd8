/** Notes, as the served end reads and writes them, with clients of this version and of the one before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Handler, type Operation, seededRandom, virtualClock } from "@cantle/core";
import { kinds } from "./frame.ts";
import { pipePair } from "./pipe-pair.ts";
import { RawPeer, rawRequest } from "./raw-peer.ts";
import { createServing } from "./serving.ts";

const operation = { service: "things", name: "echo", version: "1.2.0" } as Operation;

/** A served connection in the hands of a test. */
function serve({ handle }: { readonly handle: Handler }) {
  const served = { operation, handle };
  const doors = {
    find: () => served,
    list: () => [served],
    peerOf: (_token: string | undefined, service: string) => ({ service, uses: "*" as const }),
    callerOf: (assertion: string) => ({ id: assertion, roles: [], assertion }),
  };
  const serving = createServing(doors, { clock: virtualClock(), random: seededRandom(1) });
  return {
    dial() {
      const [near, far] = pipePair();
      serving.add(far);
      return new RawPeer(near);
    },
  };
}

/** The body of a note. */
const note = (name: string, value: string) =>
  Buffer.concat([
    Buffer.of(name.length),
    Buffer.from(name),
    Buffer.of(value.length >> 8, value.length),
    Buffer.from(value),
  ]);

test("a note is of the request that follows it, and of no other", async () => {
  const seen: unknown[] = [];
  const { dial } = serve({
    async handle(call) {
      seen.push(call.baggage);
      return { kind: "value", value: 1 };
    },
  });
  const peer = dial();
  peer.hello({ versions: [1, 1] });
  await peer.next(kinds.hello);
  peer.frame(kinds.note, 1, note("baggage", "canary=yes"));
  peer.frame(kinds.request, 1, rawRequest());
  await peer.next(kinds.reply);
  peer.frame(kinds.note, 2, note("baggage", "canary=yes"));
  peer.frame(kinds.request, 3, rawRequest());
  await peer.next(kinds.reply);
  peer.frame(kinds.request, 2, rawRequest());
  await peer.next(kinds.reply);
  peer.frame(kinds.note, 4, note("baggage", `=;,${"x".repeat(200)}`));
  peer.frame(kinds.note, 4, note("of a newer version", "1"));
  peer.frame(kinds.request, 4, rawRequest());
  await peer.next(kinds.reply);
  assert.deepEqual(seen, [{ canary: "yes" }, undefined, undefined, undefined]);
  peer.destroy();
});

for (const [minor, notes] of [
  [0, []],
  [1, ["\x08fallback\0\x04last"]],
] as const)
  test(`a reply that stands in for another is said so to a client of version 1.${minor}: ${notes.length} notes`, async () => {
    const { dial } = serve({ handle: async () => ({ kind: "value", value: 1, fallback: "last" }) });
    const peer = dial();
    peer.hello({ versions: [1, minor] });
    await peer.next(kinds.hello);
    peer.frame(kinds.request, 1, rawRequest());
    assert.equal((await peer.next(kinds.reply)).body.toString(), "\x001");
    assert.deepEqual(
      peer.frames.filter(({ kind }) => kind === kinds.note).map(({ body }) => body.toString("latin1")),
      notes,
    );
    peer.destroy();
  });
