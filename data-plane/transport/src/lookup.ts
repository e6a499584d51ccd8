/**
 * Hosts by name, so that calls survive their DNS: the last good addresses stand in while it answers with an error, with nothing, or
 * too late. (On 20 October 2025 a record that was empty by mistake took a cloud's region down: what was known a minute before
 * would have been right all day.)
 *
 *     known and fresh ──▶ as known                              unknown ──▶ asked, and waited for
 *     known and stale ──▶ asked: the new ones within `patienceMs`, else as known; what comes later counts next time
 *
 * Nothing is forgotten while the connection is kept, and there is one question at a time. It is for new connections only: those
 * that are open stay where they are.
 */
import { type LookupAddress, promises } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { type Clock, delay } from "@cantle/core";

/** Finds the addresses of a host; may fail, and may find none. */
export type FindAddresses = (host: string) => Promise<readonly LookupAddress[]>;

/** What a lookup is made with. */
export interface LookupOptions {
  readonly clock: Clock;
  /** Default: the operating system's way. */
  readonly find?: FindAddresses;
  /** How long an answer is taken for true without asking again; default 1,000. */
  readonly freshMs?: number;
  /** How long to wait for an answer where another is known; default 1,000. */
  readonly patienceMs?: number;
}

interface Known {
  readonly addresses: readonly LookupAddress[];
  readonly atMs: number;
}

const findBySystem: FindAddresses = (host) => promises.lookup(host, { all: true });

/** A `lookup` for sockets, with a memory of its own. */
export function createLookup(options: LookupOptions): LookupFunction {
  const addressesOf = createMemory(options);
  return (host, { all, family }, done) => {
    addressesOf(host).then(
      (found) => {
        const wanted = found.filter((each) => !family || each.family === familyOf(family));
        const [first] = wanted;
        if (first === undefined) done(nowhere(host), "", 0);
        else if (all) done(null, [...wanted]);
        else done(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => done(error, "", 0),
    );
  };
}

/** Answers with addresses as the head comment says. Rejects only for a host that was never found. */
export function createMemory({
  clock,
  find = findBySystem,
  freshMs = 1_000,
  patienceMs = 1_000,
}: LookupOptions): FindAddresses {
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<readonly LookupAddress[]>>();

  function ask(host: string): Promise<readonly LookupAddress[]> {
    const under = asking.get(host);
    if (under !== undefined) return under;
    const question = find(host)
      .then((addresses) => {
        if (addresses.length === 0) throw nowhere(host);
        known.set(host, { addresses, atMs: clock.nowMs() });
        return addresses;
      })
      .finally(() => asking.delete(host));
    asking.set(host, question);
    return question;
  }

  return async (host) => {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    const last = known.get(host);
    if (last === undefined) return ask(host);
    if (clock.nowMs() - last.atMs < freshMs) return last.addresses;
    const asKnown = () => last.addresses;
    return Promise.race([ask(host).catch(asKnown), delay(clock, patienceMs).then(asKnown)]);
  };
}

function familyOf(family: number | string): number {
  return typeof family === "number" ? family : Number(family.replace("IPv", ""));
}

function nowhere(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`no address of '${host}' was found`), { code: "ENOTFOUND" });
}
