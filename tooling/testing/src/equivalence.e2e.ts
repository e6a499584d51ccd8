/**
 * One definition, every shape: whatever is called, with whatever input, the caller gets the same reply or the same error in
 * every placement, and neither side can reach into what is the other's.
 *
 * The calls are made by a service (`fixtures/probe`), of a service (`fixtures/target`), and told about as text in which
 * everything can be seen. Seeded; a failure prints the smallest call that shows it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createClient } from "@cantle/contract";
import fc from "fast-check";
import { calls } from "../fixtures/calls.ts";
import { type Placed, startPlaced } from "../fixtures/placed.ts";
import { type ProbeCall, probe } from "../fixtures/probe/contract.ts";
import { textOf } from "../fixtures/probe/service.ts";

const seed = 20_240_101;
const placements = ["one", "each", "threads", "http"] as const;

type Roles = readonly string[] | undefined;

/** Makes a call as a user with these roles, or as nobody, and answers with what came of it. */
type Relay = (call: ProbeCall, roles: Roles) => Promise<unknown>;

function relayOf({ url: baseUrl }: Placed): Relay {
  const anybody = createClient(probe, { baseUrl });
  const known = new Map<string, typeof anybody>();
  async function clientOf(roles: Roles): Promise<typeof anybody> {
    if (roles === undefined) return anybody;
    const key = JSON.stringify(roles);
    let client = known.get(key);
    if (client === undefined) {
      const { token } = await anybody.token({ roles: [...roles] });
      client = createClient(probe, { baseUrl, token });
      known.set(key, client);
    }
    return client;
  }
  return async (call, roles) => (await (await clientOf(roles)).relay({ call: textOf(call) })).outcome;
}

const running: Placed[] = [];
let relays: Relay[] = [];
before(async () => {
  const file = join(import.meta.dirname, "../fixtures/system.ts");
  await Promise.all(
    placements.map(async (placement, at) => {
      running[at] = await startPlaced(file, placement);
    }),
  );
  for (const placed of running)
    assert.deepEqual(
      placed.running.list().filter((row) => row.state !== "ready"),
      [],
    );
  relays = running.map(relayOf);
});
after(() => Promise.all(running.map((placed) => placed[Symbol.asyncDispose]())));

for (const [operation, { arbitrary, runs, roles = fc.constant<Roles>(undefined) }] of Object.entries(calls)) {
  test(`${operation} is the same in every placement`, async () => {
    const property = fc.asyncProperty(arbitrary, roles, async (call, roles) => {
      const [first, ...others] = await Promise.all(relays.map((relay) => relay({ ...call, operation }, roles)));
      for (const [at, other] of others.entries())
        assert.deepStrictEqual(other, first, `'${placements[at + 1]}' is not as 'one'`);
      const { input, results } = first as { input: string; results: string };
      assert.deepEqual({ input, results }, { input: "unchanged", results: "unchanged" });
    });
    await fc.assert(property, { seed, numRuns: runs });
  });
}
