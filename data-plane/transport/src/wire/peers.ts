/** Who the other side of a connection is: asked once for each service it speaks for, and known from then on. */
import { CantleError, type Peer } from "@cantle/core";
import type { Doors } from "../transport.ts";

/** More than any unit hosts; a peer that makes up names does not fill the memory. */
const peersMax = 256;

/** The peers of one connection. */
export class Peers {
  /** The token that the other side said hello with. */
  token: string | undefined;
  readonly #doors: Doors;
  readonly #known = new Map<string, Peer | Promise<Peer>>();

  constructor(doors: Doors) {
    this.#doors = doors;
  }

  /** The peer of that name. Throws, or rejects with, `PEER_REFUSED`. */
  of(service: string): Peer | Promise<Peer> {
    const known = this.#known.get(service);
    if (known !== undefined) return known;
    if (this.#known.size >= peersMax) throw new CantleError("PEER_REFUSED", "one peer speaks for too many services");
    const peer = this.#doors.peerOf(this.token, service);
    this.#known.set(service, peer);
    // Once it is known nobody need wait for it. A refusal stays one: it is not worth another signature check.
    if (peer instanceof Promise)
      peer.then(
        (found) => this.#known.set(service, found),
        () => {},
      );
    return peer;
  }
}
