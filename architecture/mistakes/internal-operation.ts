// expect: Property 'purge' does not exist on type 'OutsideClient<
import { createClient } from "@cantle/contract";
import { accounts } from "./accounts.ts";

await createClient(accounts, { baseUrl: "" }).purge({ before: "" }); // here
