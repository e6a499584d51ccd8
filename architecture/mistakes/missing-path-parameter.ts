// expect: the path parameter 'id' of '/accounts/{id}' is missing in input
import { get } from "@cantle/contract";
import { z } from "zod";

export const read = get("/accounts/{id}", { input: z.object({ ident: z.string() }) }); // here
