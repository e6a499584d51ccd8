/** What the settlement service promises. */
import { contract, get, put } from "@cantle/contract";
import { z } from "zod";

const Settlement = z.object({
  name: z.string(),
  paymentCount: z.int(),
  cents: z.int(),
  /** The last payment that is in it; the next settlement begins after that. */
  lastId: z.int(),
});
const ByName = z.object({ name: z.string().max(40) });

/** The contract of the settlement service. */
export const settlement = contract("settlement", {
  version: "1.0.0",
  operations: {
    settle: put("/settlements/{name}", { access: "public", input: ByName, output: Settlement }),
    read: get("/settlements/{name}", {
      access: "public",
      input: ByName,
      output: Settlement,
      errors: { NoSuchSettlement: { status: 404 } },
    }),
  },
});
