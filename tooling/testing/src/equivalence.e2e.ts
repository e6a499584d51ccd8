/**
 * One definition, every shape: whatever is called, with whatever input, the caller gets the same reply or the same error in
 * every placement, and neither side can reach into what is the other's.
 *
 * The calls are made by a service (`fixtures/probe`), of a service (`fixtures/target`), and told about as text in which
 * everything can be seen. Seeded; a failure prints the seed and the smallest call that shows it.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createClient } from "@cantle/contract";
import { type RunningSystem, startSystem } from "@cantle/host";
import fc from "fast-check";
import { calls } from "../fixtures/calls.ts";
import { type ProbeCall, probe } from "../fixtures/probe/contract.ts";
import { textOf } from "../fixtures/probe/service.ts";

const seed = 20_240_101;
const placements = ["one", "each", "threads", "http"] as const;

interface Placed {
  readonly placement: string;
  readonly running: RunningSystem;
  /** Makes a call as a user with these roles, or as nobody. */
  relay(call: ProbeCall, roles: readonly string[] | undefined): Promise<unknown>;
}

async function start(placement: string, home: string): Promise<Placed> {
  const running = await startSystem({
    file: join(import.meta.dirname, "../fixtures/system.ts"),
    placement,
    port: 0,
    env: { ...process.env, CANTLE_HOME: join(home, placement), LOG_LEVEL: "off" },
  });
  const baseUrl = running.addresses.gateway;
  const anybody = createClient(probe, { baseUrl });
  const known = new Map<string, typeof anybody>();
  async function clientOf(roles: readonly string[] | undefined): Promise<typeof anybody> {
    if (roles === undefined) return anybody;
    const key = roles.join();
    const client =
      known.get(key) ?? createClient(probe, { baseUrl, token: (await anybody.token({ roles: [...roles] })).token });
    known.set(key, client);
    return client;
  }
  return {
    placement,
    running,
    async relay(call, roles) {
      const { outcome } = await (await clientOf(roles)).relay({ call: textOf(call) });
      return outcome;
    },
  };
}

let home = "";
let placed: Placed[] = [];
before(async () => {
  home = await mkdtemp(join(tmpdir(), "cantle-placements-"));
  placed = await Promise.all(placements.map((placement) => start(placement, home)));
  for (const { running } of placed)
    assert.deepEqual(
      running.list().filter((row) => row.state !== "ready"),
      [],
    );
});
after(async () => {
  await Promise.all(placed.map(({ running }) => running.stop()));
  await rm(home, { recursive: true });
});

for (const [operation, { arbitrary, runs, roles }] of Object.entries(calls)) {
  test(`${operation} is the same in every placement`, async () => {
    const rolesOf = roles ?? fc.constant(undefined);
    await fc.assert(
      fc.asyncProperty(arbitrary, rolesOf, async (call, roles) => {
        const [first, ...others] = await Promise.all(placed.map(({ relay }) => relay({ ...call, operation }, roles)));
        for (const [at, other] of others.entries()) assert.deepStrictEqual(other, first, placed[at + 1]?.placement);
        assert.equal((first as { input: string }).input, "unchanged");
        assert.equal((first as { results: string }).results, "unchanged");
      }),
      { seed, numRuns: runs, endOnFailure: false },
    );
  });
}
