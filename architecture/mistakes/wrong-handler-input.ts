// expect: Property 'name' does not exist on type '{ email: string; }'
import { implement } from "@cantle/contract";
import { accounts } from "./accounts.ts";

export const open = implement(accounts.operations.open, async (input) => {
  return { id: "1", email: input.name }; // here
});
