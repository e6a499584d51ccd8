// expect: 'acces' does not exist in type 'OperationSpec
import { get } from "@cantle/contract";

export const read = get("/accounts", { acces: "public" }); // here
