import assert from "node:assert/strict";
import { test } from "node:test";
import { messageOf, takeAll, testBroker } from "../messages/fixture.ts";
import { listQueues, peekQueue, publishWork, purgeQueue, showQueue } from "./queues.ts";

const queue = "notices.notice";

test("queues are listed with what waits, for now and for later", async () => {
  const at = testBroker();
  await publishWork(at, { data: '{"to":"ann"}' }, queue);
  await publishWork(at, { data: '{"to":"bob"}', delay: "2h" }, queue);
  at.terminal.result.splice(0);
  assert.equal(await listQueues(at, {}), 0);
  assert.match(
    at.terminal.result.join("\n"),
    /^QUEUE +WAITING +DELAYED +IN FLIGHT +OLDEST\nnotices\.notice +1 +1 +0 +0\.0s$/,
  );
  at.terminal.result.splice(0);
  await showQueue(at, { json: true }, queue);
  assert.deepEqual(at.printed(), { queue, waiting: 1, delayed: 1, inFlight: 0, oldestMs: 0 });
});

test("what waits can be looked at and is still there", async () => {
  const at = testBroker();
  await publishWork(at, { data: '{"to":"ann"}', priority: "high", id: "n-1", json: true }, queue);
  assert.deepEqual(at.printed(), { queue, id: "n-1", key: null, priority: "high", notBefore: null });
  for (let times = 0; times < 2; times++) {
    assert.equal(await peekQueue(at, { json: true }, queue), 0);
    const { messages } = at.printed();
    assert.deepEqual(
      messages.map(({ id, data }: any) => [id, data]),
      [["n-1", { to: "ann", text: "hello" }]],
    );
  }
  await takeAll(at, { kind: "queue", name: queue }, (delivery) => delivery.ack());
  await peekQueue(at, {}, queue);
  assert.deepEqual([at.terminal.result, at.terminal.progress], [[], [`'${queue}' is empty`]]);
});

test("a queue is purged when somebody agrees, and not by a slip", async () => {
  const sent = [messageOf("1", {}), messageOf("2", {})];
  const unasked = testBroker();
  await unasked.broker.queue?.send(queue, sent);
  await assert.rejects(purgeQueue(unasked, {}, queue), { code: "USAGE", message: /^2 messages of the queue/ });
  await assert.rejects(purgeQueue(unasked, { yes: true }, "notices.notce"), { help: `did you mean '${queue}'?` });
  assert.equal((await unasked.broker.queue?.queues())?.[0]?.waiting, 2);
  const asked = testBroker(queue);
  await asked.broker.queue?.send(queue, sent);
  assert.equal(await purgeQueue(asked, { json: true }, queue), 0);
  assert.deepEqual(asked.printed(), { queue, removed: 2 });
});

test("a broker without queues says so", async () => {
  const at = testBroker();
  const topicsOnly = { ...at, broker: { ...at.broker, queue: undefined } };
  for (const command of [listQueues, showQueue, peekQueue, purgeQueue])
    await assert.rejects(command(topicsOnly, {}, queue), { code: "BROKER_UNAVAILABLE", message: /topics only/ });
});
