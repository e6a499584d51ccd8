// expect: "EmailStolen"' is not assignable to parameter of type '"EmailTaken"'
import { isFailure } from "@cantle/contract";
import { accounts } from "./accounts.ts";

export const stolen = (error: unknown) => isFailure(error, accounts.operations.open, "EmailStolen"); // here
