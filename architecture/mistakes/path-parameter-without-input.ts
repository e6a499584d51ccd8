// expect: the path parameter 'id' of '/accounts/{id}' is missing in input
import { get } from "@cantle/contract";

export const read = get("/accounts/{id}", { access: "public" }); // here
