// expect: Type '"name"' is not assignable to type '"email" | "id" | undefined'
import { event } from "@cantle/contract";
import { z } from "zod";

export const opened = event(z.object({ id: z.string(), email: z.string() }), { key: "name" }); // here
