/** Chance as an argument: nothing but this file asks the machine for randomness. */

/** Where chance comes from. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `length` random bytes as lower-case hex (so `2 * length` characters). */
  hex(length: number): string;
}

const poolBytes = 4096;

/** The platform's cryptographic source, drawn in pools: ids cost nanoseconds, not a system call each. */
export function systemRandom(): Random {
  const pool = new Uint8Array(poolBytes);
  const view = new DataView(pool.buffer);
  let used = poolBytes;
  /** Where `length` unused bytes begin. */
  const reserve = (length: number) => {
    if (used + length > poolBytes) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    used += length;
    return used - length;
  };
  const take = (length: number) => {
    const start = reserve(length);
    return pool.subarray(start, start + length);
  };
  return {
    next: () => view.getUint32(reserve(4)) / 2 ** 32,
    hex: (length) => {
      let text = "";
      for (let left = length; left > 0; left -= poolBytes) {
        for (const byte of take(Math.min(left, poolBytes))) text += hexPairs[byte];
      }
      return text;
    },
  };
}

/** A reproducible source from a seed (sfc32, Chris Doty-Humphrey's PractRand); for tests and simulations. */
export function seededRandom(seed: number): Random {
  let a = seed | 0;
  let b = 0x9e3779b9 | 0;
  let c = 0x243f6a88 | 0;
  let counter = 1;
  const uint32 = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let warmup = 0; warmup < 15; warmup++) uint32();
  return {
    next: () => uint32() / 2 ** 32,
    hex: (length) => Array.from({ length }, () => hexPairs[uint32() & 255]).join(""),
  };
}

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
