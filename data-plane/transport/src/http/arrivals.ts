/**
 * Connections first. The event loop accepts one connection in a turn, however many wait, so a turn in which work is done lets
 * all of them wait for it: where each call works for 5 ms, 200 connections a second are accepted, and the ones beyond grow old in a
 * queue of the kernel where nobody sees them. When they are read at last their clients have left, and the work is done for nobody.
 *
 *     turn      1        2        3        4
 *     accepts   a        b        c        none
 *     reads              a        b        c, and then a, b and c are served, or shed while they are still young
 *
 * So a request that comes while connections come waits for a turn without one: for a lone connection that is the turn it is
 * read in, and on connections that are kept open it costs nothing.
 */

/** The turns after which requests are served all the same: as many as the kernel keeps connections waiting (`listen`'s backlog). */
const turnsMax = 512;

/** Knows whether connections are coming. */
export class Arrivals {
  #waiting: (() => void)[] = [];
  /** Turns since the first of these connections. */
  #turns = 0;
  #hasNew = false;
  #isComing = false;

  /** A connection was accepted. */
  came(): void {
    this.#hasNew = true;
    if (this.#isComing) return;
    this.#isComing = true;
    this.#turns = 0;
    setImmediate(this.#look);
  }

  /** Resolves when no more are coming; undefined when none are. */
  over(): Promise<void> | undefined {
    return this.#isComing ? new Promise((resolve) => void this.#waiting.push(resolve)) : undefined;
  }

  readonly #look = (): void => {
    if (this.#hasNew && ++this.#turns < turnsMax) {
      this.#hasNew = false;
      setImmediate(this.#look);
      return;
    }
    this.#isComing = false;
    const served = this.#waiting;
    this.#waiting = [];
    serveEach(served, 0);
  };
}

/**
 * One after the other, each as far as promises take it: what is served in one go passes the door before any of it has worked, and the
 * door sees no load. All in this turn: in the next one Node may read that a client has sent all it will, and drops what is unserved.
 */
function serveEach(served: readonly (() => void)[], at: number): void {
  served[at]?.();
  // Ticks that are there already come before promises; one that a promise asks for comes after all of them.
  if (at + 1 < served.length) queueMicrotask(() => process.nextTick(serveEach, served, at + 1));
}
