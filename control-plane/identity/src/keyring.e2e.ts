import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { it } from "node:test";
import { systemClock, systemRandom } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { compactVerify, decodeProtectedHeader, importJWK, type JWK } from "jose";
import { temporaryFolder } from "./fixture.ts";
import { openKeyring } from "./keyring.ts";

const program = `
  import { systemClock, systemRandom } from "@cantle/core";
  import { silentLogger } from "@cantle/telemetry";
  import { openKeyring } from "${new URL("./keyring.ts", import.meta.url)}";
  const ring = await openKeyring({ folder: process.argv[1], clock: systemClock, random: systemRandom(), log: silentLogger });
  console.log(await ring.sign({ sub: "ada" }, "at+jwt"));
  await ring.stop();
`;

it("processes that open one empty folder at the same moment sign what all of them verify", async (test) => {
  const folder = join(await temporaryFolder(test), "keys");
  const sign = async (): Promise<string> => {
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", program, folder], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: import.meta.dirname,
    });
    const [token] = await Promise.all([text(child.stdout), once(child, "exit")]);
    return token.trim();
  };
  const tokens = await Promise.all([sign(), sign(), sign(), sign()]);
  const ring = await openKeyring({ folder, clock: systemClock, random: systemRandom(), log: silentLogger });
  test.after(() => ring.stop());
  const { keys } = ring.jwks();
  for (const token of tokens) {
    const jwk = keys.find((key) => key.kid === decodeProtectedHeader(token).kid) as JWK;
    assert.ok(await compactVerify(token, await importJWK(jwk, "ES256")));
  }
});
