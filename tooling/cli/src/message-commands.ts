/** The page of the command line that is about messages: `topics`, `queues`, `dead-letters`. */
import { type Command, Option } from "commander";
import { type Act, countOption, options, rateOption, repeated, spanOption } from "./command-options.ts";
import type { BrokerCommand } from "./messages/at-broker.ts";
import { shownDefault, shownMax, sweptMax } from "./messages/limits.ts";

/** Makes what commander calls of a command that works at a broker. */
type ActAtBroker = (load: () => Promise<BrokerCommand<any>>) => ReturnType<Act>;

/** Adds them. */
export function addMessages(program: Command, act: Act): void {
  const at: ActAtBroker = (load) =>
    act(async () => {
      const [{ atBroker }, command] = await Promise.all([import("./messages/at-broker.ts"), load()]);
      return atBroker(command);
    });
  addTopics(
    group(program, "topics", {
      short: "what was published, and who is how far",
      long: "Looks into topics and publishes to them. Lists them where nothing is said.",
    }),
    at,
  );
  addQueues(
    group(program, "queues", {
      short: "work that waits",
      long: "Looks into queues and sends work to them. Lists them where nothing is said.",
    }),
    at,
  );
  const letters = group(program, "dead-letters", {
    short: "what was given up, and why",
    long: "Looks at messages that were given up and delivers them again. Lists who gave them up where nothing is said.",
  });
  addLookingAtLetters(letters, at);
  addSweepingLetters(letters, at);
}

function group(program: Command, name: string, { short, long }: { short: string; long: string }): Command {
  return program.command(name).summary(short).description(long).helpCommand(false);
}

const maxPeekOption = () =>
  new Option("--max <count>", `how many; default: ${shownDefault}`).argParser(countOption(shownMax));
const uncheckedOption = () => new Option("--unchecked", "sends it though no contract allows it");
const idOption = () => new Option("--id <id>", "the message's id: the same one again soon after is not stored");
const dataOption = () =>
  new Option("-d, --data <json>", "the data as JSON; @FILE reads a file, - reads stdin").makeOptionMandatory();

function addTopics(topics: Command, at: ActAtBroker): void {
  topics
    .command("list", { isDefault: true })
    .summary("all topics and their groups")
    .description("Lists topics, and for each group how many messages it has not handled yet and how old the oldest is.")
    .addOption(options.system())
    .addOption(options.json("prints them as JSON"))
    .action(at(async () => (await import("./commands/topics.ts")).listTopics));
  topics
    .command("show")
    .summary("one topic and its groups")
    .description("Shows how one topic and its groups stand.")
    .argument("<topic>", "for example articles.published")
    .addOption(options.system())
    .addOption(options.json("prints it as JSON"))
    .action(at(async () => (await import("./commands/topics.ts")).showTopic));
  topics
    .command("peek")
    .summary("messages of a topic")
    .description("Shows messages of a topic and takes them from nobody.")
    .argument("<topic>", "for example articles.published")
    .addOption(options.system())
    .addOption(maxPeekOption())
    .option("--from <where>", "first, new, a time, 1h for an hour ago, or a position; default: first")
    .addOption(options.json("prints them as JSON"))
    .action(at(async () => (await import("./commands/topics.ts")).peekTopic));
  topics
    .command("publish")
    .summary("publish an event by hand")
    .description("Publishes an event as its service would, if the data fits the contract.")
    .argument("<topic>", "for example articles.published")
    .addOption(options.system())
    .addOption(dataOption())
    .option("--key <key>", "messages with the same key are handled in order; default: as the contract says")
    .addOption(idOption())
    .addOption(uncheckedOption())
    .addOption(options.json("prints what was published as JSON"))
    .action(at(async () => (await import("./commands/topics.ts")).publishEvent));
  topics
    .command("seek")
    .summary("send a group elsewhere: replay, or skip")
    .description("Sends a group back, so that it handles messages again, or forward, so that it never does.")
    .argument("<topic>", "for example articles.published")
    .argument("<group>", "the service that subscribes, for example feeds")
    .addOption(options.system())
    .addOption(
      new Option("--to <where>", "first, new, a time, 1h for an hour ago, or a position").makeOptionMandatory(),
    )
    .option("--yes", "asks nothing")
    .addOption(options.json("prints where it goes on as JSON"))
    .action(at(async () => (await import("./commands/topics.ts")).seekGroup));
  topics
    .command("forget")
    .summary("forget a group whose service is gone")
    .description("Forgets a group that is left of a service which was renamed or removed.")
    .argument("<topic>", "for example articles.published")
    .argument("<group>", "the service that subscribed, for example feeds")
    .addOption(options.system())
    .option("--yes", "asks nothing")
    .addOption(options.json("prints what it had not handled as JSON"))
    .action(at(async () => (await import("./commands/topics.ts")).forgetGroup));
}

function addQueues(queues: Command, at: ActAtBroker): void {
  queues
    .command("list", { isDefault: true })
    .summary("all queues")
    .description("Lists queues: how much waits, for now or for later, how much is in hand, and how old the oldest is.")
    .addOption(options.system())
    .addOption(options.json("prints them as JSON"))
    .action(at(async () => (await import("./commands/queues.ts")).listQueues));
  queues
    .command("show")
    .summary("one queue")
    .description("Shows how one queue stands.")
    .argument("<queue>", "for example notices.notice")
    .addOption(options.system())
    .addOption(options.json("prints it as JSON"))
    .action(at(async () => (await import("./commands/queues.ts")).showQueue));
  queues
    .command("peek")
    .summary("messages of a queue")
    .description("Shows messages of a queue and takes them from nobody.")
    .argument("<queue>", "for example notices.notice")
    .addOption(options.system())
    .addOption(maxPeekOption())
    .addOption(options.json("prints them as JSON"))
    .action(at(async () => (await import("./commands/queues.ts")).peekQueue));
  queues
    .command("publish")
    .summary("send work by hand")
    .description("Sends a message to a queue, if the data fits the contract.")
    .argument("<queue>", "for example notices.notice")
    .addOption(options.system())
    .addOption(dataOption())
    .addOption(new Option("--delay <span>", "not before so long from now: 5s, 2h").argParser(spanOption))
    .addOption(
      new Option("--priority <priority>", "high, normal or low; default: normal").choices(["high", "normal", "low"]),
    )
    .addOption(idOption())
    .addOption(uncheckedOption())
    .addOption(options.json("prints what was sent as JSON"))
    .action(at(async () => (await import("./commands/queues.ts")).publishWork));
  queues
    .command("purge")
    .summary("remove what waits in a queue")
    .description("Removes what waits in a queue, for good; what is in hand stays.")
    .argument("<queue>", "for example notices.notice")
    .addOption(options.system())
    .option("--yes", "asks nothing")
    .addOption(options.json("prints how many as JSON"))
    .action(at(async () => (await import("./commands/queues.ts")).purgeQueue));
}

const sourceText = "a queue, notices.notice, or a topic and its group, articles.published@feeds";
const filterOption = () =>
  new Option("--filter <what>", "code=CODE, a member of the data such as to=ann, or any text in them");
const letterOption = () => new Option("--id <id>", "only this one; may be repeated").argParser(repeated);
const maxSweepOption = () =>
  new Option("--max <count>", `how many at most; default: ${sweptMax}`).argParser(countOption(sweptMax));

function addLookingAtLetters(letters: Command, at: ActAtBroker): void {
  letters
    .command("list", { isDefault: true })
    .summary("who gave up how many, and why")
    .description("Lists who gave up messages: how many, how old the oldest is, and which errors they ended with.")
    .addOption(options.system())
    .addOption(options.json("prints them as JSON"))
    .action(at(async () => (await import("./commands/dead-letters.ts")).listDeadLetters));
  letters
    .command("show")
    .summary("the reasons, or one dead letter whole")
    .description("Shows the reasons of one source, or a dead letter with the error and trace of every attempt.")
    .argument("<source>", sourceText)
    .argument("[id]", "the dead letter")
    .addOption(options.system())
    .addOption(options.json("prints them as JSON"))
    .action(at(async () => (await import("./commands/dead-letters.ts")).showDeadLetters));
  letters
    .command("peek")
    .summary("dead letters with their data")
    .description("Shows dead letters, oldest first, with their last error and their data.")
    .argument("<source>", sourceText)
    .addOption(options.system())
    .addOption(maxPeekOption())
    .addOption(filterOption())
    .addOption(options.json("prints them as JSON"))
    .action(at(async () => (await import("./commands/dead-letters.ts")).peekDeadLetters));
}

function addSweepingLetters(letters: Command, at: ActAtBroker): void {
  letters
    .command("redrive")
    .summary("deliver dead letters again")
    .description(
      "Delivers dead letters again to who gave them up; all, or those that are named. Ctrl-C leaves the rest.",
    )
    .argument("<source>", sourceText)
    .addOption(options.system())
    .addOption(letterOption())
    .addOption(filterOption())
    .addOption(
      new Option("--rate <rate>", "how many in a second: 5/s; default: as fast as it goes").argParser(rateOption),
    )
    .addOption(maxSweepOption())
    .option("--dry-run", "lists those that would be redriven")
    .addOption(options.json("prints what became of each as JSON"))
    .action(at(async () => (await import("./commands/dead-letters-sweep.ts")).redriveDeadLetters));
  letters
    .command("purge")
    .summary("remove dead letters")
    .description("Removes dead letters for good; all of a source, or those that are named.")
    .argument("<source>", sourceText)
    .addOption(options.system())
    .addOption(letterOption())
    .addOption(filterOption())
    .addOption(maxSweepOption())
    .option("--dry-run", "lists those that would be removed")
    .option("--yes", "asks nothing")
    .addOption(options.json("prints what became of each as JSON"))
    .action(at(async () => (await import("./commands/dead-letters-sweep.ts")).purgeDeadLetters));
}
