/** What `topics publish` and `queues publish` share: read the data, make the message, give it to the broker, say so. */

import type { Channel, Message } from "@cantle/contract";
import { CantleError, systemClock, systemRandom } from "@cantle/core";
import { checkChannelName } from "@cantle/messaging";
import { readData } from "../call-data.ts";
import { printJson } from "../output.ts";
import type { AtBroker, BrokerCommandOptions } from "./at-broker.ts";
import { type Composing, composeMessage, declaredIn } from "./composed-message.ts";

/** The options of both. */
export interface PublishOptions extends BrokerCommandOptions {
  readonly data: string;
  readonly id?: string;
  readonly unchecked?: boolean;
}

/** Publishes; `more` is what only topics or only queues know. */
export async function publishTo(
  { terminal, broker, system }: AtBroker,
  channel: Channel,
  { options, more }: { readonly options: PublishOptions; readonly more: Omit<Composing, "data" | "id"> },
): Promise<number> {
  checkChannelName(channel.name);
  const data = await readData(terminal, options.data);
  const to = options.unchecked ? channel : await declaredIn(system, channel);
  const composing = { ...more, data, id: options.id };
  const message = await composeMessage(to, composing, { clock: systemClock, random: systemRandom() });
  if (channel.kind === "topic") await broker.log.append(channel.name, [message]);
  else await queueOf({ broker }).send(channel.name, [message]);
  tell(terminal, channel, { message, asJson: options.json ?? false });
  return 0;
}

function tell(
  terminal: AtBroker["terminal"],
  { kind, name }: Channel,
  { message, asJson }: { readonly message: Message; readonly asJson: boolean },
): void {
  const { id, key = null, notBefore = null, priority = null } = message;
  if (asJson) printJson(terminal, { [kind]: name, id, key, priority, notBefore });
  else terminal.out(`published ${id} to the ${kind} ${name}`);
}

/** The queues of a broker. Throws `BROKER_UNAVAILABLE` where it has topics only. */
export function queueOf({ broker }: Pick<AtBroker, "broker">) {
  if (broker.queue !== undefined) return broker.queue;
  throw new CantleError("BROKER_UNAVAILABLE", "this broker has topics only", {
    help: "queues need the embedded broker or NATS: look at BROKER_URL",
  });
}
