import assert from "node:assert/strict";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { systemRandom, type VirtualClock, virtualClock } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { decodeProtectedHeader } from "jose";
import { temporaryFolder } from "./fixture.ts";
import { type Keyring, openKeyring } from "./keyring.ts";

const minuteMs = 60_000;
const rotation = { rotateMs: 10 * minuteMs, leadMs: minuteMs, keepMs: 2 * minuteMs };

async function ring(test: TestContext, folder: string, clock = virtualClock()): Promise<Keyring> {
  const keyring = await openKeyring({ folder, clock, random: systemRandom(), log: silentLogger, rotation });
  test.after(() => keyring.stop());
  return keyring;
}

/** Moves time on and lets rotation finish, on disk too: the first refresh may join one that began earlier. */
async function live(clock: VirtualClock, ms: number, ...rings: Keyring[]): Promise<void> {
  await clock.advance(ms);
  for (const each of [...rings, ...rings]) await each.refresh();
}

const kids = (keyring: Keyring) => keyring.jwks().keys.map((key) => key.kid);
const signer = async (keyring: Keyring) => decodeProtectedHeader(await keyring.sign({}, "at+jwt")).kid as string;

describe("the key ring", () => {
  it("keeps its keys where only their owner can read them", async (test) => {
    const folder = join(await temporaryFolder(test), "deep", "keys");
    await ring(test, folder);
    const [file = ""] = await readdir(folder);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    assert.equal((await stat(join(folder, file))).mode & 0o777, 0o600);
  });

  it("publishes no private half", async (test) => {
    const keyring = await ring(test, await temporaryFolder(test));
    assert.deepEqual(Object.keys(keyring.jwks().keys[0] ?? {}).sort(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
  });

  it("goes on with the same key when it is opened again", async (test) => {
    const folder = await temporaryFolder(test);
    const first = await signer(await ring(test, folder));
    assert.equal(await signer(await ring(test, folder)), first);
  });

  it("announces a key, signs with it, keeps the old one, and lets it go in time", async (test) => {
    const clock = virtualClock();
    const folder = await temporaryFolder(test);
    const keyring = await ring(test, folder, clock);
    const old = await signer(keyring);
    await live(clock, 9 * minuteMs, keyring);
    assert.equal(kids(keyring).length, 2, "the next key is published");
    assert.equal(await signer(keyring), old, "and does not sign yet");
    await live(clock, minuteMs, keyring);
    assert.notEqual(await signer(keyring), old, "now it does");
    assert.ok(kids(keyring).includes(old), "what the old one signed is still verified");
    await live(clock, 2 * minuteMs, keyring);
    assert.ok(!kids(keyring).includes(old), "until all of it has expired");
    assert.deepEqual(await readdir(folder), [`${await signer(keyring)}.json`]);
  });

  it("serves two that were opened on one empty folder at the same moment", async (test) => {
    const clock = virtualClock();
    const folder = await temporaryFolder(test);
    const [one, two] = await Promise.all([ring(test, folder, clock), ring(test, folder, clock)]);
    await live(clock, 0, one, two);
    assert.deepEqual(kids(one).sort(), kids(two).sort());
    assert.equal(await signer(one), await signer(two));
    for (let minute = 0; minute < 15; minute++) {
      await live(clock, minuteMs, one, two);
      assert.equal(await signer(one), await signer(two));
      assert.ok(kids(one).includes(await signer(two)) && kids(two).includes(await signer(one)));
    }
  });

  it("ignores what a crash left half written, and files that are none of its own", async (test) => {
    const folder = await temporaryFolder(test);
    await writeFile(join(folder, "0123456789abcdef.11223344.tmp"), '{"format":1,"ki');
    await writeFile(join(folder, "README.md"), "keys live here");
    assert.equal(kids(await ring(test, folder)).length, 1);
  });

  it("refuses a key of a newer version", async (test) => {
    const folder = await temporaryFolder(test);
    await ring(test, folder);
    await rewrite(folder, (text) => text.replace('"format":1', '"format":2'));
    await assert.rejects(ring(test, folder), { code: "DATA_NEWER" });
  });

  const damage: readonly [title: string, change: (text: string) => string][] = [
    ["an empty file", () => ""],
    ["half a file", (text) => text.slice(0, text.length / 2)],
    ["a file of zeros", (text) => "\0".repeat(text.length)],
    ["another kind of file", () => "[1]"],
    ["null", () => "null"],
    ["no format", (text) => text.replace('"format"', '"former"')],
    ["another key's id", (text) => text.replace(/"kid":"./, '"kid":"x')],
    ["no time", (text) => text.replace(/"createdMs":\d+/, '"createdMs":"soon"')],
    ["halves that do not fit", (text) => text.replace(/"d":"(.)/, (_, char) => `"d":"${char === "A" ? "B" : "A"}`)],
    [
      "a point that is not on the curve",
      (text) => text.replace(/"x":"(.)/, (_, char) => `"x":"${char === "A" ? "B" : "A"}`),
    ],
    ["a public key alone", (text) => text.replace(/"d":"[^"]*",?/, "")],
  ];
  for (const [title, change] of damage) {
    it(`refuses ${title} and never shows what it holds`, async (test) => {
      const folder = await temporaryFolder(test);
      await ring(test, folder);
      const secret = /"d":"([^"]*)"/.exec(await rewrite(folder, change))?.[1] as string;
      await assert.rejects(ring(test, folder), (error: Error & { code: string }) => {
        assert.equal(error.code, "DATA_DAMAGED");
        for (let seen: unknown = error; seen instanceof Error; seen = seen.cause)
          assert.ok(!String(seen).includes(secret));
        return true;
      });
    });
  }

  it("makes a new key when its folder is emptied, and goes on with what it has when the folder is gone", async (test) => {
    const folder = join(await temporaryFolder(test), "keys");
    const keyring = await ring(test, folder);
    const [file = ""] = await readdir(folder);
    await rm(join(folder, file));
    await keyring.refresh();
    assert.notEqual(`${await signer(keyring)}.json`, file);
    await rm(folder, { recursive: true });
    await assert.rejects(keyring.refresh());
    assert.equal(kids(keyring).length, 1);
  });
});

/** Changes the only key file; answers with what it held before. */
async function rewrite(folder: string, change: (text: string) => string): Promise<string> {
  const [name = ""] = await readdir(folder);
  const before = await readFile(join(folder, name), "utf8");
  await writeFile(join(folder, name), change(before));
  return before;
}
