/** For the tests of this package: a real issuer on a folder of its own, and tokens that no issuer would sign. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Clock, seededRandom, systemRandom, type VirtualClock, virtualClock } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { createIssuer, type Issuer } from "./issuer.ts";
import { listKeys, readKey, type SigningKey } from "./key-file.ts";
import { type Keyring, openKeyring } from "./keyring.ts";
import { type Lifetimes, lifetimesDefault } from "./lifetimes.ts";
import { createVerifier, type Verifier, type VerifierOptions } from "./verifier.ts";

/** A folder that is removed after the test. */
export async function temporaryFolder(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cantle-identity-"));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A system's issuer, and a verifier as a service in another process would have it. */
export interface TestIssuer {
  readonly clock: VirtualClock;
  readonly keyring: Keyring;
  readonly issuer: Issuer;
  /** The key that signs now, with its private half. */
  readonly key: SigningKey;
  verifier(options?: Partial<VerifierOptions>): Verifier;
}

/** Starts one for the system `blog`. Its ring looks at its folder only when it is told to. */
export async function testIssuer(
  test: TestContext,
  options: { system?: string; lifetimes?: Partial<Lifetimes> } = {},
): Promise<TestIssuer> {
  const { system = "blog", lifetimes = {} } = options;
  const folder = join(await temporaryFolder(test), "keys");
  const clock = virtualClock();
  const timeless: Clock = { ...clock, after: () => ({ cancel() {} }) };
  const log = silentLogger;
  const keyring = await openKeyring({ folder, clock: timeless, random: systemRandom(), log });
  test.after(() => keyring.stop());
  const issuer = createIssuer({
    system,
    keyring,
    clock,
    random: seededRandom(1),
    log,
    lifetimes: { ...lifetimesDefault, ...lifetimes },
  });
  const [kid = ""] = await listKeys(folder);
  const key = (await readKey(folder, kid)) as SigningKey;
  const verifier = (options: Partial<VerifierOptions> = {}) =>
    createVerifier({ keys: () => issuer.jwks(), issuer: system, clock, log, ...options });
  return { clock, keyring, issuer, key, verifier };
}

/** Signs whatever it is given, as it is given: header and claims may be any text. */
export async function rawToken(key: SigningKey, header: unknown, claims: unknown): Promise<string> {
  const signed = `${encode(header)}.${encode(claims)}`;
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key.privateKey, Buffer.from(signed));
  return `${signed}.${Buffer.from(signature).toString("base64url")}`;
}

/** base64url of JSON, or of a text that is taken as it is. */
export function encode(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}
