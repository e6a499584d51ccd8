/** What streams are made of in tests, and what tests wait on. */

/** `end` items. */
export async function* countTo(end: number): AsyncGenerator<{ n: number }> {
  for (let n = 0; n < end; n++) yield { n };
}

/** Items without end; tells when it was let go. */
export async function* endless(ended: () => void): AsyncGenerator<{ n: number }> {
  try {
    for (let n = 0; ; n++) yield { n };
  } finally {
    ended();
  }
}

/** Bytes without end; tells when it was let go. */
export async function* endlessBytes(ended: () => void): AsyncGenerator<Uint8Array> {
  try {
    for (;;) yield Buffer.alloc(64 * 1024);
  } finally {
    ended();
  }
}

/** A list, as a stream. */
export async function* each<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}

/** A source that tells how much of it was read, and when nobody has asked for more through many turns of the event loop. */
export function counted(source: AsyncIterable<Uint8Array>) {
  let bytes = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  async function stalled(): Promise<void> {
    for (let before = -1; before !== bytes; ) {
      before = bytes;
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (bytes === 0) before = -1;
    }
  }
  return { chunks: chunks(), bytes: () => bytes, stalled };
}

/** Something that happens once. */
export function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: () => resolve() };
}
