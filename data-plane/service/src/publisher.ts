/** The port to the broker as a service sees it: messages go there, and how they get there is nobody's business here. */
import type { Channel, Message } from "@cantle/contract";

/** Takes messages. */
export interface Publisher {
  /** The most data that a message may have, bytes, as far as is known here; absent where nothing is. The broker has the last word. */
  readonly messageBytesMax?: number | undefined;
  /** Resolves when the broker keeps them. Throws `BROKER_UNAVAILABLE`, `BROKER_FULL` or `MESSAGE_TOO_LARGE`; then at most a beginning of them is kept. */
  publish(channel: Channel, messages: readonly Message[]): Promise<void>;
}
