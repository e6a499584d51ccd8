// expect: Property 'id' is missing
import { createClient } from "@cantle/contract";
import { accounts } from "./accounts.ts";

await createClient(accounts, { baseUrl: "" }).read({}); // here
