/** What the compiler infers, as assertions of the compiler itself; running it only shows that the values are made. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, contract, get, implement, isFailure, type OutsideClient, post } from "@cantle/contract";
import type { Bytes, Caller } from "@cantle/core";
import { z } from "zod";
import { type Binding, service } from "./index.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Equal<A, B>) => {};

const Account = z.object({ id: z.uuid(), email: z.string() });
const accounts = contract("accounts", {
  version: "1.0.0",
  operations: {
    open: post("/accounts", {
      access: "public",
      input: z.object({ email: z.email() }),
      output: Account,
      status: 201,
      errors: { EmailTaken: { status: 409, data: z.object({ email: z.string() }) } },
    }),
    read: get("/accounts/{id}", {
      access: "user",
      input: z.object({ id: z.uuid() }),
      output: Account,
      errors: { NoSuchAccount: { status: 404 } },
    }),
    audit: get("/accounts/{id}/audit", { input: z.object({ id: z.uuid() }), output: z.array(z.string()) }),
    photo: post("/accounts/{id}/photo", {
      access: "user",
      input: z.object({ id: z.uuid() }),
      upload: bytes({ maxBytes: 5_000_000 }),
    }),
    face: get("/accounts/{id}/face", { access: "public", input: z.object({ id: z.uuid() }), download: bytes() }),
    changes: get("/changes", { access: { roles: ["auditor"] }, stream: Account }),
  },
});
const posts = contract("posts", {
  version: "1.0.0",
  operations: { list: get("/posts", { access: "public", output: z.array(Account) }) },
});

interface Store<C> extends Binding {
  readonly bound?: { of: C extends { name: infer N } ? N : never };
}
declare const shelf: Store<unknown>;
const uses = { posts, shelf: { kind: "binding", port: "shelf", open: () => Promise.reject() } as typeof shelf };

const read = implement(accounts.operations.read, { uses }, async ({ id }, { posts, fail, caller }) => {
  await posts.list();
  if (caller.id !== id) throw fail("NoSuchAccount");
  return { id, email: "" };
});

const definition = service(accounts, {
  config: z.object({ max: z.number().default(3) }),
  uses,
  handlers: {
    async open(input, { config, fail, posts, caller }) {
      same<typeof input, { email: string }>(true);
      same<typeof config, { max: number }>(true);
      same<typeof caller, Caller | undefined>(true);
      await posts.list();
      throw fail("EmailTaken", { email: input.email });
    },
    read,
    async audit() {
      return [];
    },
    async photo(_input, { upload, caller }) {
      same<typeof upload, Bytes>(true);
      same<typeof caller, Caller>(true);
    },
    async face() {
      return { type: "image/png", chunks: (async function* () {})() };
    },
    async *changes() {
      yield { id: "", email: "" };
    },
  },
});

declare const outside: OutsideClient<typeof accounts>;
same<keyof typeof outside, "open" | "read" | "photo" | "face" | "changes">(true);

test("a service is a frozen value made from its contract", () => {
  assert.equal(definition.contract, accounts);
  assert.ok(Object.isFrozen(definition) && Object.isFrozen(definition.handlers));
});

test("a failure is recognised by operation and name, and its data typed", () => {
  const error: unknown = new Error("other");
  if (isFailure(error, accounts.operations.open, "EmailTaken")) same<typeof error.data, { email: string }>(true);
  assert.equal(isFailure(error, accounts.operations.open, "EmailTaken"), false);
});
