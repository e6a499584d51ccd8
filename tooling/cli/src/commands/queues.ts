/** `cantle queues`: work that waits, and what is in it. */
import { CantleError, durationMs } from "@cantle/core";
import type { QueueFacts } from "@cantle/messaging";
import { meantOf } from "../meant.ts";
import { agree } from "../messages/agreement.ts";
import type { AtBroker, BrokerCommandOptions } from "../messages/at-broker.ts";
import type { Composing } from "../messages/composed-message.ts";
import { shownDefault } from "../messages/limits.ts";
import { type PublishOptions, publishTo, queueOf } from "../messages/publishing.ts";
import { printMessage, shownMessage } from "../messages/shown-message.ts";
import { counted, printJson, printTable, spanText } from "../output.ts";

const heading = ["QUEUE", "WAITING", "DELAYED", "IN FLIGHT", "OLDEST"];

/** `queues list`. */
export async function listQueues(at: AtBroker, { json }: BrokerCommandOptions): Promise<number> {
  const { terminal } = at;
  const queues = (await queueOf(at).queues()).toSorted((a, b) => a.queue.localeCompare(b.queue));
  if (json) printJson(terminal, { queues });
  else if (queues.length === 0) terminal.err("no queue has been used");
  else printTable(terminal, heading, queues.map(cellsOf));
  return 0;
}

/** `queues show`. */
export async function showQueue(at: AtBroker, { json }: BrokerCommandOptions, name: string): Promise<number> {
  const facts = await factsOf(at, name);
  if (json) printJson(at.terminal, facts);
  else printTable(at.terminal, heading, [cellsOf(facts)]);
  return 0;
}

function cellsOf({ queue, waiting, delayed, inFlight, oldestMs }: QueueFacts): readonly string[] {
  const isEmpty = waiting + delayed + inFlight === 0;
  return [queue, String(waiting), String(delayed), String(inFlight), isEmpty ? "-" : spanText(oldestMs)];
}

/** The options of `queues peek`. */
export interface PeekQueueOptions extends BrokerCommandOptions {
  readonly max?: number;
}

/** `queues peek`: takes nothing from anybody. */
export async function peekQueue(
  at: AtBroker,
  { max = shownDefault, json }: PeekQueueOptions,
  name: string,
): Promise<number> {
  await factsOf(at, name);
  const messages = (await queueOf(at).peek(name, max)).map(shownMessage);
  if (json) printJson(at.terminal, { messages });
  else if (messages.length === 0) at.terminal.err(`'${name}' is empty`);
  else for (const message of messages) printMessage(at.terminal, message);
  return 0;
}

/** The options of `queues publish`. */
export interface PublishQueueOptions extends PublishOptions {
  /** A duration: `5s`. */
  readonly delay?: string;
  readonly priority?: Composing["priority"];
}

/** `queues publish`. */
export function publishWork(at: AtBroker, options: PublishQueueOptions, name: string): Promise<number> {
  const { delay, priority } = options;
  const delayMs = delay === undefined ? undefined : durationMs(delay);
  return publishTo(at, { kind: "queue", name }, { options, more: { delayMs, priority } });
}

/** The options of `queues purge`. */
export interface PurgeQueueOptions extends BrokerCommandOptions {
  readonly yes?: boolean;
}

/** `queues purge`. What is in somebody's hands stays there. */
export async function purgeQueue(at: AtBroker, { yes, json }: PurgeQueueOptions, name: string): Promise<number> {
  const { terminal } = at;
  const { waiting, delayed } = await factsOf(at, name);
  const what = `${counted(waiting + delayed, "message")} of the queue '${name}' will be removed for good`;
  await agree(terminal, { what, name, isSaid: yes ?? false });
  const removed = await queueOf(at).purge(name);
  if (json) printJson(terminal, { queue: name, removed });
  else terminal.out(`removed ${counted(removed, "message")} from the queue ${name}`);
  return 0;
}

async function factsOf(at: AtBroker, name: string): Promise<QueueFacts> {
  const queues = await queueOf(at).queues();
  const found = queues.find(({ queue }) => queue === name);
  if (found !== undefined) return found;
  const names = queues.map(({ queue }) => queue);
  throw new CantleError("CHANNEL_UNKNOWN", `nothing was sent to a queue '${name}', and nobody takes from it`, {
    help: meantOf(name, names) ?? "`cantle queues` lists those that there are",
  });
}
