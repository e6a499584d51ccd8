/** The contract that the mistakes beside it are made with. */
import { bytes, contract, event, get, post, queue } from "@cantle/contract";
import { z } from "zod";

const Account = z.object({ id: z.string(), email: z.string(), age: z.number().optional() });

export const accounts = contract("accounts", {
  version: "1.0.0",
  operations: {
    open: post("/accounts", {
      access: "public",
      input: z.object({ email: z.string() }),
      output: Account,
      errors: { EmailTaken: { status: 409, data: z.object({ email: z.string() }) } },
    }),
    read: get("/accounts/{id}", { access: "user", input: z.object({ id: z.string() }), output: Account }),
    purge: post("/purge", { input: z.object({ before: z.string() }) }),
    photo: post("/accounts/{id}/photo", { access: "user", input: z.object({ id: z.string() }), upload: bytes() }),
    changes: get("/changes", { access: "public", stream: Account }),
  },
  events: { opened: event(Account, { key: "id" }) },
  queues: { welcome: queue(z.object({ to: z.string() })) },
});

export const posts = contract("posts", { version: "1.0.0", operations: { list: get("/posts", { output: z.array(z.string()) }) } });
