// expect: Type 'number' is not assignable to type 'string'
import { implement } from "@cantle/contract";
import { accounts } from "./accounts.ts";

export const open = implement(accounts.operations.open, async ({ email }, { fail }) => {
  if (email === "") throw fail("EmailTaken", { email: 5 }); // here
  return { id: "1", email };
});
