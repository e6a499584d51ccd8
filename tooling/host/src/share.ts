/**
 * Which release an instance is of, and the share of the calls that all of that release are to get while another takes its place.
 * The supervisor says it, at the start and whenever it changes; the instance announces it, so it outlives a registry that forgot.
 */

/** What an instance knows of its release. */
export interface Share {
  /** A name for the program that runs: its label `release`. */
  readonly release: string | undefined;
  /** From 0 to 1; undefined while there is no other release. */
  readonly current: number | undefined;
  /** Calls `listener` when it is another one. */
  follow(listener: () => void): void;
}

/** A share that is told. */
export interface ToldShare extends Share {
  is(release: string | null, share: number | null): void;
  set(share: number | null): void;
}

/** A share that nobody has told anything yet. */
export function createShare(): ToldShare {
  const listeners = new Set<() => void>();
  let release: string | undefined;
  let current: number | undefined;
  return {
    get release() {
      return release;
    },
    get current() {
      return current;
    },
    follow: (listener) => void listeners.add(listener),
    is(name, share) {
      release = name ?? undefined;
      current = share ?? undefined;
    },
    set(share) {
      if (current === (share ?? undefined)) return;
      current = share ?? undefined;
      for (const listener of listeners) listener();
    },
  };
}
