// expect: Expected 2 arguments, but got 1
import { implement } from "@cantle/contract";
import { accounts } from "./accounts.ts";

export const open = implement(accounts.operations.open, async ({ email }, { fail }) => {
  if (email === "") throw fail("EmailTaken"); // here
  return { id: "1", email };
});
