/**
 * One signing key as a file: `KID.json`, mode 0600, in a folder of mode 0700.
 *
 * A file appears whole or not at all (written beside, synced, renamed) and is never changed afterwards, so any number of
 * processes may read and add at the same time. A temporary file that a crash left behind is ignored: its key signed nothing.
 */
import { chmod, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { CantleError, type Random } from "@cantle/core";
import { CompactSign, type CryptoKey, compactVerify, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";

/** A key with both halves. */
export interface SigningKey {
  readonly kid: string;
  /** Wall ms. */
  readonly createdMs: number;
  readonly privateKey: CryptoKey;
  /** What the world may see. */
  readonly publicJwk: JWK;
}

/** What a file holds, if it is what it should be. */
type KeyRecord = Record<"format" | "kid" | "createdMs" | "jwk", unknown>;

const formatVersion = 1;
const fileShape = /^([0-9a-f]{16})\.json$/;

/** Makes the folder, or closes one that others could look into. */
export async function openKeyFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
  } catch (cause) {
    throw new CantleError("FOLDER_UNUSABLE", "the folder of the signing keys cannot be made", {
      place: folder,
      cause,
      help: "let this user write there, or choose another folder with CANTLE_HOME",
    });
  }
}

/** The ids of the keys in the folder. */
export async function listKeys(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => fileShape.exec(name)?.[1] ?? []);
}

/** Makes a key and stores it durably. */
export async function createKey(folder: string, options: { createdMs: number; random: Random }): Promise<SigningKey> {
  const { createdMs, random } = options;
  const kid = random.hex(8);
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(privateKey);
  const temporary = join(folder, `${kid}.${random.hex(4)}.tmp`);
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ format: formatVersion, kid, createdMs, jwk })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, `${kid}.json`));
  await syncFolder(folder);
  return { kid, createdMs, privateKey, publicJwk: publicHalf(kid, jwk) };
}

/**
 * Reads a key; undefined when another process removed it meanwhile. Throws `DATA_NEWER` for a file of a later version and
 * `DATA_DAMAGED` for one that is not a key.
 */
export async function readKey(folder: string, kid: string): Promise<SigningKey | undefined> {
  const path = join(folder, `${kid}.json`);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : decode(text, kid, path);
}

/** Removes a key; one that is not there is removed. */
export async function removeKey(folder: string, kid: string): Promise<void> {
  await rm(join(folder, `${kid}.json`), { force: true });
}

async function decode(text: string, kid: string, path: string): Promise<SigningKey> {
  const { format, kid: written, createdMs, jwk } = parse(text, path);
  if (typeof format === "number" && format > formatVersion) {
    throw new CantleError("DATA_NEWER", "a signing key was written by a newer version of Cantle", {
      place: path,
      help: `this version reads format ${formatVersion}; run the newer one`,
    });
  }
  if (format !== formatVersion || written !== kid || !Number.isSafeInteger(createdMs)) throw damaged(path);
  try {
    const privateKey = (await importJWK(jwk as JWK, "ES256")) as CryptoKey;
    const publicJwk = publicHalf(kid, jwk as JWK);
    await proveHalves(privateKey, publicJwk);
    return { kid, createdMs: createdMs as number, privateKey, publicJwk };
  } catch (cause) {
    throw damaged(path, cause);
  }
}

function parse(text: string, path: string): Partial<KeyRecord> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message would quote the file, and the file is a secret.
    throw damaged(path);
  }
  if (typeof value !== "object" || value === null) throw damaged(path);
  return value;
}

/** A flipped bit in one half makes a key that signs what nobody can verify; better to know at the start. */
async function proveHalves(privateKey: CryptoKey, publicJwk: JWK): Promise<void> {
  const signed = await new CompactSign(new Uint8Array([1])).setProtectedHeader({ alg: "ES256" }).sign(privateKey);
  await compactVerify(signed, await importJWK(publicJwk, "ES256"));
}

function publicHalf(kid: string, { kty, crv, x, y }: JWK): JWK {
  return { kty, crv, x, y, kid, alg: "ES256", use: "sig" } as JWK;
}

function damaged(path: string, cause?: unknown): CantleError {
  return new CantleError("DATA_DAMAGED", "a signing key cannot be read", {
    place: path,
    help: "restore the file from a backup, or remove it: tokens that it signed are then refused",
    ...(cause !== undefined && { cause }),
  });
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
