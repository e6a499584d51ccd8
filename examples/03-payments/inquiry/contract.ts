/** What the inquiry service promises: what an account may spend. Nine of ten calls are about that. */
import { contract, get } from "@cantle/contract";
import { z } from "zod";

const Balance = z.object({
  account: z.string(),
  cents: z.int(),
  /** How much of it a payment may take without being looked at, from a score of the account. */
  limitCents: z.int(),
});

/** The contract of the inquiry service. */
export const inquiry = contract("inquiry", {
  version: "1.0.0",
  operations: {
    balance: get("/accounts/{account}/balance", {
      access: "public",
      input: z.object({ account: z.string().max(40) }),
      output: Balance,
    }),
  },
});
