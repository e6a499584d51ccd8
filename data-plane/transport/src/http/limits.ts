/** The named limits of an HTTP server, each with its default. Reaching one is a coded answer or a closed connection. */

/** Limits of one listening HTTP server. */
export interface HttpLimits {
  /** Request line and header fields together, bytes; over it 431 (414 when it is the target). Default 16 KiB. */
  readonly headersBytesMax: number;
  /** Header fields of one request; over it 431. Default 100. */
  readonly headersMax: number;
  /** Characters of the request target; over it 414. Default 8 KiB. */
  readonly targetBytesMax: number;
  /** Connections at once; further ones are closed when they open. Default 10,000. */
  readonly connectionsMax: number;
  /** Calls at once; over it 503 `OVERLOADED`. Default 10,000. */
  readonly inFlightMax: number;
  /** How long a request's header fields may take. Default 10 s. Also ends connections on which nothing was ever sent. */
  readonly headersTimeoutMs: number;
  /** How long a buffered (JSON) body may take. Default 10 s. */
  readonly bodyTimeoutMs: number;
  /** How long a whole request may take, uploads included. Default 5 min. */
  readonly requestTimeoutMs: number;
  /** How long a client may take to read what is ready for it before the connection is cut. Default 30 s. */
  readonly sendTimeoutMs: number;
  /** How long an idle connection is kept; longer than the clients' own, so that they close first. Default 65 s. */
  readonly keepAliveTimeoutMs: number;
  /** How much of an unread body is thrown away before a refused client is cut off. Default 1 MiB. */
  readonly lingerBytesMax: number;
  /** For how long. Default 1 s. */
  readonly lingerMs: number;
}

/** What holds where nothing else is said. */
export const httpLimits: HttpLimits = Object.freeze({
  headersBytesMax: 16 * 1024,
  headersMax: 100,
  targetBytesMax: 8 * 1024,
  connectionsMax: 10_000,
  inFlightMax: 10_000,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 10_000,
  requestTimeoutMs: 300_000,
  sendTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  lingerBytesMax: 1024 * 1024,
  lingerMs: 1_000,
});
