// expect: Type 'number' is not assignable to type 'string'
import { createClient } from "@cantle/contract";
import { accounts } from "./accounts.ts";

await createClient(accounts, { baseUrl: "" }).read({ id: 5 }); // here
