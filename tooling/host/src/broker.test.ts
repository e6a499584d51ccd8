/** Which broker is opened: what cannot be one is refused with where and what to do, and its URL is not repeated. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { explainError, seededRandom, virtualClock } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { openBroker } from "./broker.ts";

const open = (env: Readonly<Record<string, string>>, home = "/nowhere") => {
  const settings = { folder: home, home, env };
  return openBroker({ settings, clock: virtualClock(), random: seededRandom(1), log: silentLogger });
};

test("what is no URL of a broker is told with its place and what can be written there, without itself", async () => {
  for (const [url, code] of [
    ["s3cret", "CONFIG_INVALID"],
    [" nats://u:s3cret@nats-1", "CONFIG_INVALID"],
    ["amqp://u:s3cret@rabbit", "ENGINE_MISSING"],
  ] as const)
    await assert.rejects(open({ BROKER_URL: url }), (error: unknown) => {
      const text = explainError(error);
      assert.match(text, new RegExp(`^error\\[${code}\\]: .*\\n  --> BROKER_URL\\n  help: use nats:, tls:, kafka:`));
      assert.doesNotMatch(text, /s3cret/);
      return true;
    });
});

test("a folder of the embedded broker that cannot be one is told with its path", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "cantle-broker-"));
  t.after(() => rm(home, { recursive: true }));
  const place = join(home, ".cantle", "data", "broker");
  await mkdir(join(home, ".cantle", "data"), { recursive: true });
  await writeFile(place, "");
  await assert.rejects(open({}, home), { code: "FOLDER_UNUSABLE", place });
});
