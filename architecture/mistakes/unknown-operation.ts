// expect: Property 'readd' does not exist on type 'OutsideClient<
import { createClient } from "@cantle/contract";
import { accounts } from "./accounts.ts";

await createClient(accounts, { baseUrl: "" }).readd({ id: "1" }); // here
