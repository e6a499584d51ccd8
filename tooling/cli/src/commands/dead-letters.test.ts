import assert from "node:assert/strict";
import { test } from "node:test";
import { CantleError } from "@cantle/core";
import { backOffMs, failureOf, messageOf, takeAll, testBroker } from "../messages/fixture.ts";
import { listDeadLetters, peekDeadLetters, showDeadLetters } from "./dead-letters.ts";
import { purgeDeadLetters, redriveDeadLetters } from "./dead-letters-sweep.ts";

const queue = { kind: "queue", name: "notices.notice" } as const;
const group = { kind: "topic", name: "articles.published", group: "feeds" } as const;

/** Three notices that were given up, one of them for another reason, and one event. */
async function givenUp(answer?: string) {
  const at = testBroker(answer);
  const { log, queue: queues } = at.broker;
  await queues?.send(
    queue.name,
    ["ann", "bob", "eve"].map((to) => messageOf(`to-${to}`, { to })),
  );
  await takeAll(at, queue, async (delivery) => {
    if (delivery.message.id === "to-eve") return delivery.bury(failureOf("INTERNAL", "a bug"));
    await delivery.nack(backOffMs, failureOf("DEADLINE_EXCEEDED", "slow"));
  });
  await takeAll(at, queue, (delivery) => delivery.bury(failureOf("UNREACHABLE", "away")));
  await log.append(group.name, [messageOf("e-1", { id: 1 })]);
  await takeAll(at, group, (delivery) => delivery.bury(failureOf("MESSAGE_INVALID", "no author")));
  return at;
}

async function waitingIn({ broker }: Awaited<ReturnType<typeof givenUp>>): Promise<number | undefined> {
  const [facts] = (await broker.queue?.queues()) ?? [];
  return facts && facts.waiting + facts.delayed;
}

test("who gave up how many is listed, with the reasons", async () => {
  const at = await givenUp();
  assert.equal(await listDeadLetters(at, {}), 0);
  const [heading, ...rows] = at.terminal.result;
  assert.match(heading as string, /^SOURCE +COUNT +OLDEST +REASONS$/);
  assert.match(rows[0] as string, /^articles\.published@feeds +1 +0\.0s +MESSAGE_INVALID 1$/);
  assert.match(rows[1] as string, /^notices\.notice +3 +0\.0s +UNREACHABLE 2, INTERNAL 1$/);
});

test("a source is shown by its reasons, and a letter with every attempt", async () => {
  const at = await givenUp();
  await showDeadLetters(at, { json: true }, "notices.notice");
  const [most] = at.printed().reasons;
  assert.deepEqual([most.code, most.message, most.count], ["UNREACHABLE", "away", 2]);
  await showDeadLetters(at, { json: true }, "notices.notice", most.id);
  const letter = at.printed();
  assert.deepEqual([letter.id, letter.attempts, letter.message.data], [most.id, 2, { to: "bob" }]);
  const attempts = letter.failures.map(({ attempt, code, traceId }: any) => [attempt, code, traceId]);
  assert.deepEqual(attempts, [
    [1, "DEADLINE_EXCEEDED", "0af7651916cd43dd8448eb211c80319c"],
    [2, "UNREACHABLE", "0af7651916cd43dd8448eb211c80319c"],
  ]);
  await showDeadLetters(at, {}, "notices.notice", most.id);
  assert.match(
    at.terminal.result.join("\n"),
    /after 2 attempts\n.*ATTEMPT.*\n.*1 .*DEADLINE_EXCEEDED.*\n.*2 .*UNREACHABLE.*away\n/,
  );
  await assert.rejects(showDeadLetters(at, {}, "notices.notice", "none"), { code: "CHANNEL_UNKNOWN" });
});

test("letters are looked at with their data, those that are meant", async () => {
  const at = await givenUp();
  await peekDeadLetters(at, { json: true, filter: "code=UNREACHABLE", max: 1 }, "notices.notice");
  assert.deepEqual(
    at.printed().letters.map(({ message }: any) => message.id),
    ["to-ann"],
  );
  await peekDeadLetters(at, {}, "articles.published@feeds");
  assert.match(at.terminal.result[0] as string, /id e-1 {2}1 attempt {2}MESSAGE_INVALID: no author$/);
  await assert.rejects(peekDeadLetters(at, {}, "articles.published"), {
    help: "did you mean 'articles.published@feeds'?",
  });
});

test("those that are meant are delivered again, each with a result", async () => {
  const at = await givenUp();
  const redrive = { filter: "code=UNREACHABLE" };
  assert.equal(await redriveDeadLetters(at, { ...redrive, dryRun: true, json: true }, "notices.notice"), 0);
  assert.deepEqual(
    at.printed().letters.map(({ message }: any) => message),
    ["to-ann", "to-bob"],
  );
  assert.equal(await waitingIn(at), 0);
  assert.equal(await redriveDeadLetters(at, redrive, "notices.notice"), 0);
  assert.match(at.terminal.result.splice(0).join("\n"), /^redriven {2}\S+ {2}to-ann\nredriven {2}\S+ {2}to-bob$/);
  assert.deepEqual(at.terminal.progress, ["2 of notices.notice redriven"]);
  assert.equal(await waitingIn(at), 2);
  const again: [string, number][] = [];
  await takeAll(at, queue, async (delivery) => {
    again.push([delivery.message.id, delivery.attempt]);
    await delivery.ack();
  });
  assert.deepEqual(again.sort(), [
    ["to-ann", 1],
    ["to-bob", 1],
  ]);
});

test("one that somebody else took is gone, which is no failure; one that fails is", async () => {
  const at = await givenUp();
  assert.equal(await redriveDeadLetters(at, { id: ["none"], json: true }, "notices.notice"), 0);
  const { gone, letters } = at.printed();
  assert.deepEqual([gone, letters], [1, [{ id: "none", message: null, result: "gone", code: null }]]);
  const deadLetters = {
    ...at.broker.deadLetters,
    redrive: async () => {
      throw new CantleError("BROKER_UNAVAILABLE", "away");
    },
  };
  const cut = { ...at, broker: { ...at.broker, deadLetters } };
  assert.equal(await redriveDeadLetters(cut, { json: true }, "notices.notice"), 1);
  const { redriven, failed, left } = at.printed();
  assert.deepEqual({ redriven, failed, left }, { redriven: 0, failed: 1, left: 2 });
});

test("an event goes back to the group that gave it up, and to no other", async () => {
  const at = await givenUp();
  const seen: string[] = [];
  await takeAll(at, { ...group, group: "notices" }, async (delivery) => delivery.ack());
  assert.equal(await redriveDeadLetters(at, {}, "articles.published@feeds"), 0);
  for (const name of ["notices", "feeds"])
    await takeAll(at, { ...group, group: name }, async (delivery) => {
      seen.push(`${name} ${delivery.message.id}`);
      await delivery.ack();
    });
  assert.deepEqual(seen, ["feeds e-1"]);
});

test("they are removed when somebody agrees", async () => {
  const at = await givenUp("notices.notice");
  assert.equal(await purgeDeadLetters(at, { filter: "to=ann" }, "notices.notice"), 0);
  assert.match(at.terminal.result.join("\n"), /^removed {2}\S+ {2}to-ann$/);
  at.terminal.result.splice(0);
  await peekDeadLetters(at, { json: true }, "notices.notice");
  assert.deepEqual(
    at
      .printed()
      .letters.map(({ message }: any) => message.id)
      .sort(),
    ["to-bob", "to-eve"],
  );
  const unasked = await givenUp();
  await assert.rejects(purgeDeadLetters(unasked, {}, "notices.notice"), { code: "USAGE", message: /^3 dead letters/ });
  assert.equal(await purgeDeadLetters(unasked, { yes: true, json: true }, "notices.notice"), 0);
  assert.equal(unasked.printed().removed, 3);
  assert.equal(await purgeDeadLetters(unasked, {}, "notices.notice"), 0, "nothing is left to agree to");
});
