/** What the accounts service promises. Whoever calls it imports this, and nothing else of it. */
import { contract, del, get, post, put } from "@cantle/contract";
import { z } from "zod";

const ById = z.object({ id: z.string() });
const NewAccount = z.object({ email: z.email(), name: z.string().min(1).max(100) });
const Account = NewAccount.extend({ id: z.string() });
const errors = { NoSuchAccount: { status: 404, description: "there is no such account" } };

/** The contract of the accounts service. */
export const accounts = contract("accounts", {
  version: "1.0.0",
  operations: {
    open: post("/accounts", { access: "public", input: NewAccount, output: Account, status: 201 }),
    read: get("/accounts/{id}", { access: "public", input: ById, output: Account, errors }),
    change: put("/accounts/{id}", { access: "public", input: Account, output: Account, errors }),
    close: del("/accounts/{id}", { access: "public", input: ById, errors }),
  },
});
