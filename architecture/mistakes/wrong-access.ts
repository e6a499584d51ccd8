// expect: Type '"everybody"' is not assignable to type 'Access
import { get } from "@cantle/contract";

export const read = get("/accounts", { access: "everybody" }); // here
