// expect: Types of property 'email' are incompatible
import { implement } from "@cantle/contract";
import { accounts } from "./accounts.ts";

export const read = implement(accounts.operations.read, async ({ id }) => { // here
  return { id, email: 5 };
});
