/**
 * What a process tells V8 of its memory. With a limit, the heap gets what is left when everything else has its share: code, stacks,
 * buffers, sockets and SQLite, taken as a quarter of the limit and at least 64 MiB.
 *
 *     heap = limit - max(64 MiB, limit / 4)          128 MiB → 64, 256 → 192, 1 GiB → 768
 *
 * A heap that is full ends the process with a message of its own, before the kernel would, without one.
 */

const mebibyte = 2 ** 20;
const othersBytesMin = 64 * mebibyte;
const othersShare = 0.25;

/** The heap of a process that may take so much memory, in whole MiB. */
export function heapBytesOf(memoryBytes: number): number {
  const bytes = memoryBytes - Math.max(othersBytesMin, memoryBytes * othersShare);
  return Math.max(1, Math.floor(bytes / mebibyte)) * mebibyte;
}

/** The arguments of Node.js for such a heap; none without a limit. */
export function heapArguments(heapBytes: number | undefined): readonly string[] {
  return heapBytes === undefined ? [] : [`--max-old-space-size=${heapBytes / mebibyte}`];
}

/**
 * The arguments for the process of the broker. What it has in hand lives for a moment, and V8 lets the memory for that grow to 128 MiB while
 * a backlog is drained; with a quarter of it, it drains as quickly.
 */
export const brokerHeapArguments: readonly string[] = ["--max-semi-space-size=16"];
