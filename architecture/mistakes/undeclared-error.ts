// expect: 'EmailStolen' is not a declared error of this operation
import { implement } from "@cantle/contract";
import { accounts } from "./accounts.ts";

export const open = implement(accounts.operations.open, async ({ email }, { fail }) => {
  if (email === "") throw fail("EmailStolen", { email }); // here
  return { id: "1", email };
});
