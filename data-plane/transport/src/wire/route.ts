/**
 * The route of a request: who calls what. The same few come again and again on a connection, so each end keeps those it has
 * seen: the dialler their bytes by operation, the server their fields by bytes. A cache that is full starts anew.
 */
import { type Call, CantleError, type Operation } from "@cantle/core";
import type { Cursor } from "./cursor.ts";
import { invalidFrame } from "./frame.ts";

/** Who calls what. */
export interface Route {
  /** The calling service. */
  readonly peer: string;
  readonly service: string;
  readonly operation: string;
  /** The version of the contract that the caller was written for. */
  readonly version: string;
}

const routesMax = 1024;
const nameBytesMax = 255;

/** Routes on their way out. */
export class RouteWriter {
  #known = new Map<Operation, { peer: string; bytes: Uint8Array }>();

  /** The bytes of a call's route. Throws `OPERATION_UNKNOWN` for names longer than any contract's. */
  encode({ operation, peer }: Call): Uint8Array {
    const known = this.#known.get(operation);
    if (known !== undefined && known.peer === peer.service) return known.bytes;
    if (this.#known.size >= routesMax) this.#known.clear();
    const texts = [peer.service, operation.service, operation.name, operation.version].map((text) => Buffer.from(text));
    if (texts.some((text) => text.length > nameBytesMax))
      throw new CantleError("OPERATION_UNKNOWN", "the name of an operation is longer than any can be");
    const bytes = Buffer.concat(texts.flatMap((text) => [Buffer.of(text.length), text]));
    this.#known.set(operation, { peer: peer.service, bytes });
    return bytes;
  }
}

/** Routes on their way in. */
export class RouteReader {
  #known = new Map<string, Route>();

  /** The route at a cursor. */
  read(cursor: Cursor): Route {
    const length = cursor.u16();
    const start = cursor.at;
    const key = cursor.latin1(length);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const end = cursor.at;
    cursor.at = start;
    const route = { peer: cursor.text8(), service: cursor.text8(), operation: cursor.text8(), version: cursor.text8() };
    if (cursor.at !== end) throw invalidFrame("a route is not as long as it says");
    if (this.#known.size >= routesMax) this.#known.clear();
    this.#known.set(key, route);
    return route;
  }
}
