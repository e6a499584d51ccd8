/** The same two shapes, with the bounds that a contract would have, for the validators of all contestants. */
import { z } from "zod";

const states = ["placed", "sent", "returned"] as const;

/** Input, for those who take zod or Standard Schema. */
export const NewOrder = z.object({
  customer: z.string().min(1).max(64),
  sku: z.string().max(32),
  quantity: z.int().min(1),
  express: z.boolean(),
  note: z.string().max(2_000),
});

/** Output, for those who take zod or Standard Schema. */
export const Order = z.object({
  id: z.string().min(1),
  state: z.enum(states),
  total: z.number().min(0),
  note: z.string(),
});

/** Input, for those who take JSON Schema. */
export const newOrderSchema = {
  type: "object",
  required: ["customer", "sku", "quantity", "express", "note"],
  additionalProperties: false,
  properties: {
    customer: { type: "string", minLength: 1, maxLength: 64 },
    sku: { type: "string", maxLength: 32 },
    quantity: { type: "integer", minimum: 1 },
    express: { type: "boolean" },
    note: { type: "string", maxLength: 2_000 },
  },
} as const;

/** Output, for those who take JSON Schema. */
export const orderSchema = {
  type: "object",
  required: ["id", "state", "total", "note"],
  properties: {
    id: { type: "string", minLength: 1 },
    state: { type: "string", enum: states },
    total: { type: "number", minimum: 0 },
    note: { type: "string" },
  },
} as const;
