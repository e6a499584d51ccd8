/** `cantle topics`: what was published, who is how far with it, and sending somebody elsewhere in it. */
import { CantleError, systemClock } from "@cantle/core";
import type { GroupFacts, Log, StartAt, TopicFacts } from "@cantle/messaging";
import { meantOf } from "../meant.ts";
import { agree } from "../messages/agreement.ts";
import type { AtBroker, BrokerCommandOptions } from "../messages/at-broker.ts";
import { shownDefault } from "../messages/limits.ts";
import { type PublishOptions, publishTo } from "../messages/publishing.ts";
import { bytesText, printMessage, shownMessage } from "../messages/shown-message.ts";
import { readStartAt, startText } from "../messages/start-at.ts";
import { counted, printJson, printTable, spanText } from "../output.ts";

const heading = ["TOPIC", "MESSAGES", "SIZE", "GROUP", "LAG", "IN FLIGHT", "OLDEST"];

/** `topics list`. */
export async function listTopics({ terminal, broker }: AtBroker, { json }: BrokerCommandOptions): Promise<number> {
  const topics = (await broker.log.topics()).toSorted((a, b) => a.topic.localeCompare(b.topic));
  if (json) printJson(terminal, { topics });
  else if (topics.length === 0) terminal.err("nothing was published, and nobody has subscribed");
  else printTable(terminal, heading, topics.flatMap(rowsOf));
  return 0;
}

/** `topics show`. */
export async function showTopic(at: AtBroker, { json }: BrokerCommandOptions, name: string): Promise<number> {
  const topic = await topicOf(at, name);
  if (json) printJson(at.terminal, topic);
  else printTable(at.terminal, heading, rowsOf(topic));
  return 0;
}

/** A row for each group, or one for a topic that nobody subscribes to. */
function rowsOf({ topic, messages, bytes, groups }: TopicFacts): readonly (readonly string[])[] {
  const own = [topic, String(messages), bytesText(bytes)];
  if (groups.length === 0) return [[...own, "-", "-", "-", "-"]];
  return groups.map((group, index) => [...(index === 0 ? own : ["", "", ""]), ...cellsOf(group)]);
}

function cellsOf({ group, lag, inFlight, oldestMs }: GroupFacts): readonly string[] {
  return [group, String(lag), String(inFlight), lag === 0 ? "-" : spanText(oldestMs)];
}

/** The options of `topics peek`. */
export interface PeekTopicOptions extends BrokerCommandOptions {
  readonly max?: number;
  readonly from?: string;
}

/** `topics peek`: takes nothing from anybody. */
export async function peekTopic(at: AtBroker, options: PeekTopicOptions, name: string): Promise<number> {
  const from = readStartAt(options.from ?? "first", systemClock.wallMs());
  await topicOf(at, name);
  const messages = (await at.broker.log.read(name, { from, max: options.max ?? shownDefault })).map(shownMessage);
  if (options.json) printJson(at.terminal, { messages });
  else if (messages.length === 0) at.terminal.err(`'${name}' has nothing from ${startText(from)}`);
  else for (const message of messages) printMessage(at.terminal, message);
  return 0;
}

/** The options of `topics publish`. */
export interface PublishTopicOptions extends PublishOptions {
  readonly key?: string;
}

/** `topics publish`. */
export function publishEvent(at: AtBroker, options: PublishTopicOptions, name: string): Promise<number> {
  return publishTo(at, { kind: "topic", name }, { options, more: { key: options.key } });
}

/** The options of `topics seek`. */
export interface SeekOptions extends BrokerCommandOptions {
  readonly to: string;
  readonly yes?: boolean;
}

/** `topics seek`: somebody handles again, or never, what was published. */
export async function seekGroup(
  at: AtBroker,
  options: SeekOptions,
  ...[name, group]: readonly [string, string]
): Promise<number> {
  const { terminal, broker } = at;
  const to = readStartAt(options.to, systemClock.wallMs());
  const topic = await topicOf(at, name);
  checkGroup(topic, group);
  const coming = await countFrom(broker.log, topic, to);
  const what = `'${group}' is sent to ${startText(to)} in '${name}': ${comingText(coming)}`;
  await agree(terminal, { what, name: group, isSaid: options.yes ?? false });
  await broker.log.seek(name, group, to);
  if (options.json) printJson(terminal, { topic: name, group, to, ...coming });
  else terminal.out(what);
  return 0;
}

/** The options of `topics forget`. */
export interface ForgetOptions extends BrokerCommandOptions {
  readonly yes?: boolean;
}

/** `topics forget`: a group that nobody is any more, as its service was renamed or removed. */
export async function forgetGroup(
  at: AtBroker,
  { yes, json }: ForgetOptions,
  ...[name, group]: readonly [string, string]
): Promise<number> {
  const { terminal, broker, system } = at;
  const topic = await topicOf(at, name);
  checkGroup(topic, group);
  if (Object.hasOwn(system.services, group))
    throw new CantleError("USAGE", `'${group}' is a service of this system, which may be subscribed now`, {
      help: "`cantle topics seek` sends it elsewhere; a group can be forgotten when its service was renamed or removed",
    });
  const lag = topic.groups.find((each) => each.group === group)?.lag ?? 0;
  const what = `'${group}' is forgotten in '${name}': ${counted(lag, "message")} that it has not handled will not be delivered to it`;
  await agree(terminal, { what, name: group, isSaid: yes ?? false });
  await broker.log.forget(name, group);
  if (json) printJson(terminal, { topic: name, group, lag });
  else terminal.out(what);
  return 0;
}

/** How many messages a group will be given; `more` where counting ended before they did. */
interface Coming {
  readonly messages: number;
  readonly more: boolean;
}

function comingText({ messages, more }: Coming): string {
  if (messages === 0) return "nothing that is there now will be delivered to it";
  return `${more ? "more than " : ""}${counted(messages, "message")} will be delivered to it, those it had again`;
}

const pageMax = 100;
const countMax = 10_000;

/** Counts by reading, as no engine knows it, and not for ever. */
async function countFrom(log: Log, { topic, messages }: TopicFacts, to: StartAt): Promise<Coming> {
  if (to.kind === "new") return { messages: 0, more: false };
  if (to.kind === "first") return { messages, more: false };
  let count = 0;
  for (let from = to; count < countMax; ) {
    // A position begins with its own message, which is counted already.
    const known = count === 0 ? 0 : 1;
    const page = await log.read(topic, { from, max: pageMax + known });
    count += Math.max(0, page.length - known);
    const last = page.at(-1);
    if (last === undefined || page.length < pageMax + known) return { messages: count, more: false };
    from = { kind: "position", position: last.position };
  }
  return { messages: count, more: true };
}

async function topicOf({ broker }: AtBroker, name: string): Promise<TopicFacts> {
  const topics = await broker.log.topics();
  const found = topics.find(({ topic }) => topic === name);
  if (found !== undefined) return found;
  const names = topics.map(({ topic }) => topic);
  throw new CantleError("CHANNEL_UNKNOWN", `nothing was published to a topic '${name}', and nobody subscribes to it`, {
    help: meantOf(name, names) ?? "`cantle topics` lists those that there are",
  });
}

function checkGroup({ topic, groups }: TopicFacts, named: string): void {
  const names = groups.map(({ group }) => group);
  if (names.includes(named)) return;
  const known = names.length === 0 ? "it has no groups" : `its groups are ${names.join(", ")}`;
  throw new CantleError("CHANNEL_UNKNOWN", `'${topic}' has no group '${named}'`, {
    help: meantOf(named, names) ?? known,
  });
}
