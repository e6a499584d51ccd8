// The twin of all mistakes beside it: what each should have been. It must compile.
import { contract, createClient, get, implement, isFailure, post } from "@cantle/contract";
import { service } from "@cantle/service";
import { z } from "zod";
import { accounts, posts } from "./accounts.ts";

const uses = { posts };
const read = implement(accounts.operations.read, { uses }, async ({ id }, { posts, caller }) => {
  await posts.list();
  return { id: caller.id + id, email: "" };
});

export default service(accounts, {
  config: z.object({ max: z.number().default(3) }),
  uses,
  handlers: {
    async open({ email }, { fail, posts, config }) {
      if ((await posts.list()).length > config.max) throw fail("EmailTaken", { email });
      return { id: "1", email };
    },
    read,
    async purge({ before }) {
      before.toUpperCase();
    },
    async photo(_input, { upload }) {
      for await (const _chunk of upload.chunks);
    },
    async *changes() {
      yield { id: "", email: "" };
    },
  },
  on: (subscribe) => [
    subscribe(accounts.events.opened, async ({ email }, { queues, send, message }) => {
      await queues.welcome({ to: email }, { delayMs: 1_000, priority: "high" });
      await send(accounts.queues.welcome, { to: message.id });
    }),
    subscribe(accounts.queues.welcome, async ({ to }, { events }) => events.opened({ id: "1", email: to })),
  ],
  schedules: { nightly: { cron: "0 3 * * *", run: async ({ posts }) => posts.list() } },
});

export const shapes = contract("shapes", {
  version: "1.0.0",
  operations: {
    one: get("/one/{id}", { access: "public", input: z.object({ id: z.string() }), output: z.string() }),
    many: get("/many", { access: { roles: ["admin"] }, stream: z.string() }),
    none: post("/none", { idempotent: true }),
  },
});

const client = createClient(accounts, { baseUrl: "http://127.0.0.1:8080" });
try {
  await client.open({ email: "a@example.org" });
  await client.read({ id: "1" }, { timeoutMs: 100 });
  await client.photo({ id: "1" }, new Uint8Array(1));
  for await (const account of await client.changes()) account.email.toUpperCase();
} catch (error) {
  if (isFailure(error, accounts.operations.open, "EmailTaken")) error.data.email.toUpperCase();
}
