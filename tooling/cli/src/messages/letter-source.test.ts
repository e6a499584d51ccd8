import assert from "node:assert/strict";
import { test } from "node:test";
import { messageOf, takeAll, testBroker } from "./fixture.ts";
import { checkSource, readSource, sourceText } from "./letter-source.ts";

test("a source is a queue, or a topic and its group", () => {
  assert.deepEqual(readSource("notices.notice"), { kind: "queue", name: "notices.notice" });
  assert.deepEqual(readSource("articles.published@feeds"), {
    kind: "topic",
    name: "articles.published",
    group: "feeds",
  });
  for (const text of ["notices.notice", "articles.published@feeds"]) assert.equal(sourceText(readSource(text)), text);
  for (const text of ["", "@feeds", "articles.published@", "a.b@c@d"])
    assert.throws(() => readSource(text), { code: "USAGE" }, text);
});

test("a source without dead letters is known, and one that never was is not", async () => {
  const at = testBroker();
  const { broker } = at;
  await broker.queue?.send("notices.notice", [messageOf("1", {})]);
  await takeAll(at, readSource("articles.published@feeds"), (delivery) => delivery.ack());
  for (const text of ["notices.notice", "articles.published@feeds"]) await checkSource(broker, readSource(text));
  const slips: readonly [string, string][] = [
    ["notices.notce", "did you mean 'notices.notice'?"],
    ["articles.published", "did you mean 'articles.published@feeds'?"],
    ["x.y", "`cantle dead-letters` lists who gave up messages"],
  ];
  for (const [text, help] of slips)
    await assert.rejects(checkSource(broker, readSource(text)), { code: "CHANNEL_UNKNOWN", help }, text);
});
