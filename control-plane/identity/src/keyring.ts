/**
 * The key ring: the keys of a folder, rotated. `rotation.ts` decides, `key-file.ts` stores; here the two meet.
 *
 * Any number of processes may hold a ring on one folder: each reads what the others added, once a minute and whenever it is
 * asked to `refresh`. What is published and who signs is computed from the time at each use, so a key that has to go is gone
 * at that moment, even where removing its file fails.
 */
import { CantleError, type Clock, type Random, type Running } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import { type JWK, type JWTPayload, SignJWT } from "jose";
import { createKey, listKeys, openKeyFolder, readKey, removeKey, type SigningKey } from "./key-file.ts";
import { checkPolicy, type Rotation, type RotationPolicy, rotate, rotationDefault } from "./rotation.ts";

/** Public keys, as RFC 7517 writes them. */
export interface Jwks {
  readonly keys: readonly JWK[];
}

/** The keys of one issuer. */
export interface Keyring extends Running {
  readonly policy: RotationPolicy;
  /** Signs claims as a JWT of this `typ` with the key whose turn it is. */
  sign(claims: JWTPayload, typ: string): Promise<string>;
  /** The public keys that verify, now. */
  jwks(): Jwks;
  /** Reads the folder again and does what rotation asks for. */
  refresh(): Promise<void>;
}

/** What a ring needs. */
export interface KeyringOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly rotation?: RotationPolicy;
}

const refreshMs = 60_000;

/** Opens the ring of a folder, with its first key where there is none. */
export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  const { folder, clock, random, log, rotation: policy = rotationDefault } = options;
  checkPolicy(policy);
  await openKeyFolder(folder);
  const keys = new Map<string, SigningKey>();
  const rotation = (): Rotation => rotate(keys.values(), clock.wallMs(), policy);

  async function load(): Promise<void> {
    const found = new Set(await listKeys(folder));
    for (const kid of keys.keys()) if (!found.has(kid)) keys.delete(kid);
    for (const kid of found) {
      if (keys.has(kid)) continue;
      const key = await readKey(folder, kid);
      if (key !== undefined) keys.set(kid, key);
    }
  }

  async function act(): Promise<void> {
    await load();
    for (const action of rotation().actions) {
      if (action.kind === "create") {
        const key = await createKey(folder, { createdMs: clock.wallMs(), random });
        keys.set(key.kid, key);
        log.info("a signing key was created", { kid: key.kid });
      } else {
        await removeKey(folder, action.kid);
        keys.delete(action.kid);
        log.info("a signing key is gone", { kid: action.kid });
      }
    }
  }

  let running: Promise<void> | undefined;
  const refresh = (): Promise<void> => {
    running ??= act().finally(() => {
      running = undefined;
    });
    return running;
  };

  const tick = () => {
    timer = clock.after(refreshMs, tick);
    refresh().catch((error) => log.error("the signing keys could not be refreshed; the known ones go on", { error }));
  };
  await refresh();
  let timer = clock.after(refreshMs, tick);

  return {
    policy,
    async sign(claims, typ) {
      const key = keys.get(rotation().signer ?? "");
      if (key === undefined) throw noKey(folder);
      return new SignJWT(claims).setProtectedHeader({ alg: "ES256", typ, kid: key.kid }).sign(key.privateKey);
    },
    jwks() {
      const { stages } = rotation();
      const published = [...keys.values()].filter((key) => stages.get(key.kid)?.kind !== "gone");
      return { keys: published.map((key) => key.publicJwk) };
    },
    refresh,
    async stop() {
      timer.cancel();
      await running?.catch(() => {});
    },
  };
}

function noKey(folder: string): CantleError {
  return new CantleError("INTERNAL", "no token can be signed just now", {
    notes: `the folder ${folder} holds no key any more; it was emptied while it was in use`,
  });
}
