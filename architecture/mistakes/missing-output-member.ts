// expect: Property 'email' is missing
import { implement } from "@cantle/contract";
import { accounts } from "./accounts.ts";

export const read = implement(accounts.operations.read, async ({ id }) => { // here
  return { id };
});
