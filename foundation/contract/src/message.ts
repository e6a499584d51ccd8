/**
 * What travels through a broker: one CloudEvent 1.0 (https://cloudevents.io), with the members that Cantle uses.
 *
 * It is made where somebody publishes and read where somebody handles it; in between nobody parses its data.
 */

/** What a message goes to: a topic (every group of subscribers gets it) or a queue (one worker gets it). */
export interface Channel {
  readonly kind: "topic" | "queue";
  /** The service that declares it, and its name there: `articles.published`. */
  readonly name: string;
}

/** Which message comes first when many wait in a queue. */
export type Priority = "high" | "normal" | "low";

/** A message, as it is published. */
export interface Message {
  /** Unique within its channel; publishing the same id again within the engine's window stores nothing. 1 to 255 printable ASCII characters, no space. */
  readonly id: string;
  /** The service that published it. */
  readonly source: string;
  /** When it was made, RFC 3339 in UTC. */
  readonly time: string;
  /** Messages of a topic with the same key are handled in the order in which they were published. At most 255 characters. */
  readonly key?: string | undefined;
  /** W3C Trace Context of whoever published it. */
  readonly traceparent?: string | undefined;
  /** W3C Baggage of whoever published it. */
  readonly baggage?: string | undefined;
  /** UTF-8 JSON. */
  readonly data: Uint8Array;
  /** For queues; `normal` when absent. */
  readonly priority?: Priority | undefined;
  /** For queues: not delivered before this moment, RFC 3339 in UTC. */
  readonly notBefore?: string | undefined;
}
