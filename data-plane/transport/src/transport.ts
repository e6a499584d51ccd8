/**
 * What every transport offers and needs. A transport turns a `Call` into something that crosses a boundary and back; it
 * decides nothing: who may call is asked of `Doors`, where to call is the mesh's choice.
 *
 * Addresses are URLs: `memory:INSTANCE`, `thread:INSTANCE`, `unix:/path/to.sock`, `tcp://127.0.0.1:4000`, `http://127.0.0.1:4000`.
 */
import type { Caller, Handler, Operation, Peer } from "@cantle/core";

/** An operation that is served here. */
export interface Served {
  readonly operation: Operation;
  readonly handle: Handler;
}

/** What stands behind a listener. */
export interface Doors {
  /**
   * The operation of that name, or undefined; never an inherited member. `version` is the contract's version that the caller
   * was written for, where it said one; may throw `CONTRACT_INCOMPATIBLE`.
   */
  find(service: string, operation: string, version?: string): Served | undefined;
  /** All operations served here, for transports that route by path. */
  list(): readonly Served[];
  /**
   * Who calls: `service`, if the token belongs to a unit that hosts it. Throws `PEER_REFUSED` for a token that is missing,
   * forged, expired or another unit's. Asked once per connection and service.
   */
  peerOf(token: string | undefined, service: string): Peer | Promise<Peer>;
  /** Whom a caller assertion speaks for. Throws `UNAUTHENTICATED` for a bad one. */
  callerOf(assertion: string): Caller | Promise<Caller>;
}

/** Where calls arrive. */
export interface Listener {
  /** The address others dial. */
  readonly address: string;
  /** Takes no new calls (`DRAINING`), tells every connection so, and resolves when the calls in flight are done. */
  drain(): Promise<void>;
  /** Drains at most `graceMs`, then closes; calls still in flight are cancelled. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * An open way to one instance. Calls fail with `CONNECT_FAILED` when they could not be sent, `UNREACHABLE` when it breaks while
 * they are under way, `DRAINING` when the other side leaves.
 */
export interface Connection {
  readonly handle: Handler;
  readonly state: "connecting" | "open" | "draining" | "closed";
  /** Closes at once; calls in flight fail with `UNREACHABLE`. */
  close(): Promise<void>;
}
