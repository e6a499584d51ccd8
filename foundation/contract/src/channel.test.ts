import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { event, queue } from "./channel.ts";
import { contract } from "./contract.ts";

const Account = z.object({ id: z.string() });
const written = (more: object) => () => contract("accounts", { version: "1.0.0", operations: {}, ...more } as never);

test("events and queues get their service, name and channel, frozen", () => {
  const { events, queues } = contract("accounts", {
    version: "1.0.0",
    operations: {},
    events: { opened: event(Account, { key: "id" }) },
    queues: { welcome: queue(Account) },
  });
  assert.deepEqual(events.opened.channel, { kind: "topic", name: "accounts.opened" });
  assert.deepEqual(queues.welcome.channel, { kind: "queue", name: "accounts.welcome" });
  assert.equal(events.opened.service, "accounts");
  for (const part of [events, queues, events.opened, events.opened.channel]) assert.ok(Object.isFrozen(part));
});

test("a contract without events and queues has none", () => {
  const { events, queues } = contract("accounts", { version: "1.0.0", operations: {} });
  assert.deepEqual([events, queues], [{}, {}]);
});

for (const [what, more, place] of [
  ["a key that is no member", { events: { opened: event(Account, { key: "email" as "id" }) } }, "events.opened"],
  ["a queue among events", { events: { opened: queue(Account) } }, "events.opened"],
  ["an event among queues", { queues: { welcome: event(Account) } }, "queues.welcome"],
  ["data that is no schema", { events: { opened: event({} as never) } }, "events.opened"],
  ["a name that is none", { events: { "9": event(Account) } }, "events.9"],
  ["an unknown option", { events: { opened: { ...event(Account), keys: "id" } } }, "events.opened"],
  ["a schema that JSON cannot say", { queues: { at: queue(z.object({ at: z.date() })) } }, "queues.at"],
] as const) {
  test(`${what} is refused with its place`, () => {
    assert.throws(written(more), (error: { code?: string; place?: string }) => {
      assert.equal(error.code, "CONTRACT_INVALID");
      assert.match(error.place ?? "", new RegExp(`contract\\("accounts"\\)\\.${place.replace(".", "\\.")}`));
      return true;
    });
  });
}
