/** Work that costs processor time and nothing else: what a service is overloaded with. */
import { contract, get } from "@cantle/contract";
import { z } from "zod";

/** The contract of the work service. Whoever asks has a second. */
export const work = contract("work", {
  version: "1.0.0",
  operations: {
    spend: get("/work", { access: "public", output: z.object({ digest: z.string() }), timeoutMs: 1_000 }),
  },
});
