// expect: 'caller' is possibly 'undefined'
import { implement } from "@cantle/contract";
import { accounts } from "./accounts.ts";

export const open = implement(accounts.operations.open, async ({ email }, { caller }) => {
  return { id: caller.id, email }; // here
});
