/**
 * Passwords at rest: argon2id, stored as a PHC string that carries its own parameters, so that these can be raised later.
 *
 * Invariants
 * 1. A comparison takes as long for a wrong password as for a right one, and as long for a user that does not exist
 *    (`matches(password, undefined)`), so that nobody learns from the clock who has an account.
 * 2. A password is never kept, logged or returned.
 */
import { argon2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { CantleError, type Random } from "@cantle/core";

// What OWASP asks of argon2id at least (Password Storage Cheat Sheet).
const memoryKiB = 19_456;
const passes = 2;
const parallelism = 1;

const saltBytes = 16;
const tagBytes = 32;

/** What is stored of a password. */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = Buffer.from(random.hex(saltBytes), "hex");
  const tag = await derive(password, { memoryKiB, passes, parallelism, salt, tagBytes });
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;
}

/** True when `password` is the one that `stored` was made of; with nothing stored, false after the same work. */
export async function matches(password: string, stored: string | undefined): Promise<boolean> {
  const { tag, ...parameters } = parse(stored ?? nobody);
  const same = timingSafeEqual(await derive(password, { ...parameters, tagBytes: tag.byteLength }), tag);
  return same && stored !== undefined;
}

interface Parameters {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
}

const argon2id = promisify(argon2).bind(undefined, "argon2id");

/** Runs on the thread pool. The password is normalised first: a keyboard may write é as one character or as two. */
function derive(password: string, { memoryKiB, salt, tagBytes, ...rest }: Parameters & { tagBytes: number }) {
  return argon2id({ message: password.normalize("NFC"), nonce: salt, memory: memoryKiB, tagLength: tagBytes, ...rest });
}

const phc = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

function parse(stored: string): Parameters & { tag: Buffer } {
  const [, memory, time, lanes, salt, tag] = phc.exec(stored) ?? [];
  if (salt === undefined || tag === undefined) {
    throw new CantleError("DATA_DAMAGED", "a stored password cannot be read");
  }
  return {
    memoryKiB: Number(memory),
    passes: Number(time),
    parallelism: Number(lanes),
    salt: Buffer.from(salt, "base64"),
    tag: Buffer.from(tag, "base64"),
  };
}

/** The PHC format wants base64 without padding. */
const base64 = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");

/** What users who do not exist are compared with: today's parameters, and a tag that no password is known for. */
const nobody = `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${parallelism}$${base64(Buffer.alloc(saltBytes))}$${base64(Buffer.alloc(tagBytes))}`;
