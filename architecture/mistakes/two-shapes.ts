// expect: an operation has an output, or a stream, or a download; not two of them
import { get } from "@cantle/contract";
import { z } from "zod";

export const read = get("/accounts", { output: z.string(), stream: z.string() }); // here
