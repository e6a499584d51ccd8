// expect: Expected 2-3 arguments, but got 1
import { createClient } from "@cantle/contract";
import { accounts } from "./accounts.ts";

await createClient(accounts, { baseUrl: "" }).photo({ id: "1" }); // here
