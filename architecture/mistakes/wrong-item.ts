// expect: Type 'number' is not assignable to type 'string'
import { implement } from "@cantle/contract";
import { accounts } from "./accounts.ts";

export const changes = implement(accounts.operations.changes, async function* () { // here
  yield { id: 5, email: "" };
});
