import assert from "node:assert/strict";
import { test } from "node:test";
import { messageOf, takeAll, testBroker } from "../messages/fixture.ts";
import { forgetGroup, listTopics, peekTopic, publishEvent, seekGroup, showTopic } from "./topics.ts";

const topic = "articles.published";
const feeds = { kind: "topic", name: topic, group: "feeds" } as const;

/** A topic of three messages, of which `feeds` has handled two. */
async function published(answer?: string) {
  const at = testBroker(answer);
  const of = (id: number) => messageOf(`a-${id}`, { id, author: "ann" }, { key: "ann" });
  await at.broker.log.append(topic, [of(1), of(2)]);
  await takeAll(at, feeds, (delivery) => delivery.ack());
  await at.broker.log.append(topic, [of(3)]);
  return at;
}

test("topics are listed with how far each group is", async () => {
  const at = await published();
  await at.broker.log.append("accounts.opened", [messageOf("1", {})]);
  assert.equal(await listTopics(at, {}), 0);
  const [heading, accounts, articles] = at.terminal.result;
  assert.match(heading as string, /^TOPIC +MESSAGES +SIZE +GROUP +LAG +IN FLIGHT +OLDEST$/);
  assert.match(accounts as string, /^accounts\.opened +1 +\d+ B +- +- +- +-$/);
  assert.match(articles as string, /^articles\.published +3 +\d+ B +feeds +1 +0 +0\.0s$/);
  at.terminal.result.splice(0);
  await showTopic(at, { json: true }, topic);
  const { messages, groups } = at.printed();
  assert.deepEqual([messages, groups], [3, [{ group: "feeds", lag: 1, inFlight: 0, oldestMs: 0 }]]);
});

test("where there are none, that is said, and the list is empty JSON", async () => {
  const at = testBroker();
  assert.equal(await listTopics(at, {}), 0);
  assert.deepEqual(at.terminal.result, []);
  assert.equal(at.terminal.progress.length, 1);
  await listTopics(at, { json: true });
  assert.deepEqual(at.printed(), { topics: [] });
});

test("looking shows messages and takes none", async () => {
  const at = await published();
  assert.equal(await peekTopic(at, { json: true, max: 2 }, topic), 0);
  const { messages } = at.printed();
  assert.deepEqual(
    messages.map(({ id, key, data }: any) => [id, key, data]),
    [
      ["a-1", "ann", { id: 1, author: "ann" }],
      ["a-2", "ann", { id: 2, author: "ann" }],
    ],
  );
  await peekTopic(at, { from: messages[1].position }, topic);
  assert.equal(at.terminal.result.length, 4);
  assert.match(at.terminal.result[0] as string, /id a-2 {2}key ann$/);
  assert.equal(at.terminal.result[1], '  {"id":2,"author":"ann"}');
  const [facts] = await at.broker.log.topics();
  assert.equal(facts?.groups[0]?.lag, 1);
});

test("an event is published as its contract says, and what does not fit only unchecked", async () => {
  const at = await published();
  const data = '{"id":4,"author":"bob"}';
  assert.equal(await publishEvent(at, { data, id: "mine", json: true }, topic), 0);
  assert.deepEqual(at.printed(), { topic, id: "mine", key: "bob", priority: null, notBefore: null });
  const wrong = { data: '{"id":"four"}', id: "wrong" };
  await assert.rejects(publishEvent(at, wrong, topic), { code: "MESSAGE_INVALID" });
  await assert.rejects(publishEvent(at, { data: "{" }, topic), { code: "USAGE" });
  assert.equal(await publishEvent(at, { ...wrong, unchecked: true }, topic), 0);
  await assert.rejects(publishEvent(at, { ...wrong, unchecked: true }, "../x"), { code: "CHANNEL_UNKNOWN" });
  const stored = await at.broker.log.read(topic, { from: { kind: "first" }, max: 10 });
  assert.deepEqual(
    stored.map(({ id }) => id),
    ["a-1", "a-2", "a-3", "mine", "wrong"],
  );
});

test("a group is sent back when somebody agrees, and is told how many come", async () => {
  const at = await published("feeds");
  assert.equal(await seekGroup(at, { to: "first" }, topic, "feeds"), 0);
  assert.match(at.terminal.result[0] as string, /the first message .* 3 messages will be delivered/);
  const got: string[] = [];
  await takeAll(at, feeds, async (delivery) => {
    got.push(delivery.message.id);
    await delivery.ack();
  });
  // One key: the next comes when the last is acked.
  assert.deepEqual(got, ["a-1", "a-2", "a-3"]);
});

test("what comes is counted from a position or a time too, page by page", async () => {
  const at = testBroker();
  await at.broker.log.append(
    topic,
    Array.from({ length: 250 }, (_, index) => messageOf(`m-${index}`, {})),
  );
  await takeAll(at, feeds, (delivery) => delivery.ack());
  const [, second] = await at.broker.log.read(topic, { from: { kind: "first" }, max: 2 });
  const coming = async (to: string) => {
    await seekGroup(at, { to, yes: true, json: true }, topic, "feeds");
    const { messages, more } = at.printed();
    const [facts] = await at.broker.log.topics();
    assert.equal(facts?.groups[0]?.lag, messages);
    return [messages, more];
  };
  assert.deepEqual(await coming("first"), [250, false]);
  assert.deepEqual(await coming(second?.position as string), [249, false]);
  assert.deepEqual(await coming("new"), [0, false]);
  assert.deepEqual(await coming("2020-01-01"), [250, false]);
});

test("a group that is left of a service which is gone can be forgotten, and one of a service that is there cannot", async () => {
  const at = await published("feeds");
  await assert.rejects(forgetGroup(at, { yes: true }, topic, "feds"), { help: "did you mean 'feeds'?" });
  const { services } = at.system;
  const present = { ...at, system: { ...at.system, services: { ...services, feeds: services["notices"]! } } };
  await assert.rejects(forgetGroup(present, { yes: true }, topic, "feeds"), { code: "USAGE" });
  await assert.rejects(forgetGroup({ ...at, terminal: testBroker("no").terminal }, {}, topic, "feeds"), {
    code: "CANCELLED",
  });
  assert.equal((await at.broker.log.topics())[0]?.groups.length, 1);
  assert.equal(await forgetGroup(at, { json: true }, topic, "feeds"), 0);
  assert.deepEqual(at.printed(), { topic, group: "feeds", lag: 1 });
  assert.deepEqual((await at.broker.log.topics())[0]?.groups, []);
});

test("nobody is moved by a slip, or unasked", async () => {
  const at = await published("fed");
  await assert.rejects(seekGroup(at, { to: "first", yes: true }, topic, "feds"), { help: "did you mean 'feeds'?" });
  await assert.rejects(seekGroup(at, { to: "first", yes: true }, "articles.publish", "feeds"), {
    code: "CHANNEL_UNKNOWN",
  });
  await assert.rejects(seekGroup(at, { to: "first" }, topic, "feeds"), { code: "CANCELLED" });
  const [facts] = await at.broker.log.topics();
  assert.deepEqual(
    facts?.groups.map(({ group, lag }) => [group, lag]),
    [["feeds", 1]],
  );
});
