/** Limits: what is too large, wrong or said twice, and names that are not names. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import {
  type BrokerSubject,
  longLeaseMs,
  message,
  messages,
  newChannel,
  type OpenedBroker,
  type Source,
  sourceKinds,
} from "./subject.ts";

/** The tests. */
export function limits({ name, open }: BrokerSubject): void {
  for (const { kind, make } of sourceKinds) {
    describe(`${name}: publishing to ${kind}`, () => {
      publishing(async (t) => {
        const opened = await open(t);
        const source = make(opened);
        if (source !== undefined) return { opened, source };
        t.skip("this engine has no queues");
        return undefined;
      }, make);
    });
  }
  names({ name, open });
}

type Opening = (t: TestContext) => Promise<{ opened: OpenedBroker; source: Source } | undefined>;

function publishing(opening: Opening, make: (opened: OpenedBroker) => Source | undefined): void {
  test("a message over the limit is refused, one at the limit is not", async (t) => {
    const { opened, source } = (await opening(t)) ?? {};
    if (opened === undefined || source === undefined) return;
    const { messageBytesMax } = opened.broker.facts;
    const sized = (id: string, bytes: number) => message(id, { data: new Uint8Array(bytes).fill(0x30) });
    await assert.rejects(source.publish(sized("large", messageBytesMax + 1)), { code: "MESSAGE_TOO_LARGE" });
    await source.publish(sized("just", messageBytesMax));
    const delivery = await (await source.consume()).next();
    assert.deepEqual([delivery.message.id, delivery.message.data.byteLength], ["just", messageBytesMax]);
  });

  test("an id or a key that cannot be one is refused", async (t) => {
    const { source } = (await opening(t)) ?? {};
    if (source === undefined) return;
    for (const id of ["", "a b", "a\nb", "ä", "x".repeat(256)])
      await assert.rejects(source.publish(message(id)), { code: "MESSAGE_INVALID" }, JSON.stringify(id));
    await assert.rejects(source.publish(message("a", { key: "k".repeat(256) })), { code: "MESSAGE_INVALID" });
    await source.publish(message("x".repeat(255), { key: "k".repeat(255) }));
    assert.equal((await (await source.consume()).next()).message.id, "x".repeat(255));
  });

  test("no message is no error", async (t) => {
    const { source } = (await opening(t)) ?? {};
    if (source === undefined) return;
    await source.publish();
    await source.publish(message("a"));
    assert.equal((await (await source.consume()).next()).message.id, "a");
  });

  test("an id that was published before stores nothing, also when it was handled meanwhile", async (t) => {
    const { opened, source } = (await opening(t)) ?? {};
    if (opened === undefined || source === undefined) return;
    if (opened.broker.facts.dedupWindowMs === 0) return t.skip("this engine forgets ids");
    const hands = await source.consume();
    await source.publish(message("a"), message("a"), message("b"));
    await source.publish(message("b"), message("c"));
    for (const delivery of await hands.take(3)) await delivery.ack();
    await source.publish(...messages("d", 2), message("a"));
    await source.publish(message("e"));
    await hands.take(3);
    assert.deepEqual(hands.ids, ["a", "b", "c", "d-0", "d-1", "e"]);
    const elsewhere = make(opened) as Source;
    await elsewhere.publish(message("a"));
    assert.equal((await (await elsewhere.consume()).next()).message.id, "a");
    return undefined;
  });
}

const notNames = [
  "",
  "things",
  "a.b.c",
  "../../x",
  "a.*",
  "a.>",
  "*.b",
  "a/b.c",
  "a.b/../c",
  "a .b",
  "a.b\n",
  "ä.b",
  ".",
  "a.",
];

function names({ name, open }: BrokerSubject): void {
  describe(`${name}: a name that is no name`, () => {
    test("is refused wherever it is said", async (t) => {
      const { broker } = await open(t);
      const { log, queue, deadLetters } = broker;
      const consuming = { inFlightMax: 1, leaseMs: longLeaseMs, onDelivery: () => {} };
      const start = { kind: "first" } as const;
      const fine = newChannel();
      const tries: (() => Promise<unknown>)[] = [];
      for (const bad of notNames) {
        tries.push(
          () => log.append(bad, [message("a")]),
          () => log.consume(bad, "readers", { ...consuming, from: start }),
          () => log.consume(fine, `${bad}.`, { ...consuming, from: start }),
          () => log.read(bad, { from: start, max: 1 }),
          () => log.seek(bad, "readers", start),
          () => log.forget(bad, "readers"),
          () => deadLetters.read({ kind: "topic", name: bad, group: "readers" }, { max: 1 }),
          () => deadLetters.redrive({ kind: "queue", name: bad }, "a"),
        );
        if (queue !== undefined)
          tries.push(
            () => queue.send(bad, [message("a")]),
            () => queue.consume(bad, consuming),
            () => queue.peek(bad, 1),
            () => queue.purge(bad),
          );
      }
      for (const attempt of tries) await assert.rejects(attempt(), { code: "CHANNEL_UNKNOWN" }, String(attempt));
    });
  });
}
