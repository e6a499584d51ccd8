/** Every bound of a wire connection, by name. A peer that goes past one is refused or closed; reaching one is a coded error. */

/** The bounds of one connection. Each side tells the other those that the other must keep to. */
export interface WireLimits {
  /** The largest frame taken, its length field not counted. Bigger bodies belong into streams. Default 16 MiB. */
  readonly frameBytesMax: number;
  /** Calls that may be under way at once, those waiting for the connection included; more are `OVERLOADED`. Default 4096. */
  readonly inFlightMax: number;
  /**
   * How much of one stream may be on its way or waiting for its reader. Throughput of a stream is at most this per round trip;
   * memory of a stalled one is at most this, plus one frame. Default 256 KiB.
   */
  readonly streamWindowBytes: number;
  /** Bytes that may wait for the socket before the serving side stops reading requests. Default 1 MiB. */
  readonly writeBufferBytesMax: number;
  /** How long connecting and greeting may take. Default 5,000. */
  readonly handshakeTimeoutMs: number;
  /** A silent peer is pinged this often. Default 4,000. */
  readonly pingEveryMs: number;
  /**
   * Pings without any sign of life before a peer counts as dead; with the default of 3, a stopped process is noticed after
   * 12 to 16 seconds, one whose event loop is blocked for 5 is not given up. Not reading what waits is silence too.
   */
  readonly pingsMissedMax: number;
  /** How long a leaving server waits for its client to close, and a closing connection may take to send what is left. Default 1,000. */
  readonly closeTimeoutMs: number;
}

/** The defaults. */
export const wireLimits: WireLimits = Object.freeze({
  frameBytesMax: 16 * 1024 * 1024,
  inFlightMax: 4096,
  streamWindowBytes: 256 * 1024,
  writeBufferBytesMax: 1024 * 1024,
  handshakeTimeoutMs: 5_000,
  pingEveryMs: 4_000,
  pingsMissedMax: 3,
  closeTimeoutMs: 1_000,
});

/** The largest frame before the peer has said who it is; the first bytes of other protocols read as far more. */
export const helloBytesMax = 16 * 1024;
/** What a stream's frame costs of its window besides its bytes, so that a million empty items are not free. */
export const dataOverheadBytes = 64;
/** Downloads and uploads are cut into frames of at most this. */
export const chunkBytesMax = 64 * 1024;
