/** What the payment service promises. */
import { contract, get, post } from "@cantle/contract";
import { z } from "zod";

const NewPayment = z.object({
  /** The payer's own name for the payment. */
  reference: z.string().min(1).max(80),
  from: z.string().max(40),
  to: z.string().max(40),
  cents: z.int().positive(),
});
const Payment = NewPayment.extend({ id: z.int() });

/** The contract of the payment service. */
export const payment = contract("payment", {
  version: "1.0.0",
  operations: {
    pay: post("/payments", {
      access: "public",
      input: NewPayment,
      output: Payment,
      status: 201,
      errors: { OverLimit: { status: 409, description: "somebody has to look at a payment as large as this" } },
    }),
    booked: get("/payments", {
      summary: "How often each reference was booked; more than once would be a mistake.",
      access: "public",
      output: z.object({ bookings: z.array(z.object({ reference: z.string(), count: z.int() })) }),
    }),
    ofDay: get("/payments/since/{id}", {
      summary: "The payments after one, for the settlement; internal.",
      input: z.object({ id: z.int() }),
      output: z.object({ payments: z.array(Payment) }),
    }),
  },
});
