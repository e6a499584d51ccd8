import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { asyncapi } from "./asyncapi.ts";
import { event, queue } from "./channel.ts";
import { contract } from "./contract.ts";

const Account = z.object({ id: z.string(), email: z.string() });
const accounts = contract("accounts", {
  version: "1.2.0",
  operations: {},
  events: { opened: event(Account, { key: "id", summary: "Somebody is new." }) },
  queues: { welcome: queue(z.object({ to: z.string() })) },
});

test("events are sent, queues received, each by its name at the broker, with the schema of its data", () => {
  const document = asyncapi([accounts], { title: "bank", version: "1.0.0" });
  assert.equal(document.asyncapi, "3.0.0");
  assert.deepEqual(Object.keys(document.channels), ["accounts.opened", "accounts.welcome"]);
  assert.deepEqual(document.operations["publish:accounts.opened"], {
    action: "send",
    channel: { $ref: "#/channels/accounts.opened" },
    summary: "Somebody is new.",
  });
  assert.equal(document.operations["take:accounts.welcome"]?.["action"], "receive");
  const { messages } = document.channels["accounts.opened"] as { messages: { opened: Record<string, any> } };
  assert.equal(messages.opened["x-key"], "id");
  assert.deepEqual(Object.keys(messages.opened["payload"].properties), ["id", "email"]);
});

test("a contract that publishes nothing adds nothing", () => {
  const silent = contract("silent", { version: "1.0.0", operations: {} });
  assert.deepEqual(asyncapi([silent], { title: "t", version: "1.0.0" }).channels, {});
});
