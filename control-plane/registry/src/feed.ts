/**
 * What one watcher still has to be told. Bounded: a watcher that falls more than `changesMax` behind is not told what it missed,
 * but how things stand, from the beginning. Nobody can slow the registry down by reading slowly.
 */

import type { WatchItem } from "./contract.ts";
import type { Change, Instance } from "./instance.ts";

/** One watcher's stream. */
export interface Feed extends AsyncIterableIterator<WatchItem> {
  push(changes: readonly Change[]): void;
  /** Ends the stream; what was not read is forgotten. */
  end(): void;
  return(): Promise<IteratorResult<WatchItem>>;
}

const changesMax = 256;
/** How many instances one item of a snapshot holds, so that no item comes near a transport's limit. */
export const pageMax = 64;

/** Makes a feed that begins with a snapshot. `ended` is called once. */
export function createFeed(list: () => readonly Instance[], ended: () => void): Feed {
  let pages: WatchItem[] = pagesOf(list());
  let changes: Change[] = [];
  let waiting: ((result: IteratorResult<WatchItem>) => void)[] = [];
  let isEnded = false;
  const done: IteratorResult<WatchItem> = { done: true, value: undefined };

  function take(): WatchItem | undefined {
    const page = pages.shift();
    if (page !== undefined || changes.length === 0) return page;
    return changedItem(changes.splice(0, pageMax));
  }

  function end(): void {
    if (isEnded) return;
    isEnded = true;
    for (const resolve of waiting) resolve(done);
    waiting = [];
    ended();
  }

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    push(more) {
      changes.push(...more);
      if (changes.length > changesMax) [pages, changes] = [pagesOf(list()), []];
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const value = take();
        if (value === undefined) return void waiting.unshift(next);
        next({ done: false, value });
      }
    },
    async next() {
      if (isEnded) return done;
      const value = take();
      if (value !== undefined) return { done: false, value };
      return new Promise((resolve) => void waiting.push(resolve));
    },
    async return() {
      end();
      return done;
    },
    end,
  };
}

function pagesOf(instances: readonly Instance[]): WatchItem[] {
  const pages: WatchItem[] = [];
  for (let from = 0; from === 0 || from < instances.length; from += pageMax) {
    const page = instances.slice(from, from + pageMax);
    pages.push({ kind: "snapshot", first: from === 0, last: from + pageMax >= instances.length, instances: page });
  }
  return pages;
}

/** One item of several changes, in which each instance is named once: the last word on it counts. */
function changedItem(changes: readonly Change[]): WatchItem {
  const last = new Map(
    changes.map((change) => [change.kind === "put" ? change.instance.instance : change.instance, change]),
  );
  const item: { kind: "changed"; put: Instance[]; gone: string[] } = { kind: "changed", put: [], gone: [] };
  for (const [id, change] of last) {
    if (change.kind === "put") item.put.push(change.instance);
    else item.gone.push(id);
  }
  return item;
}
