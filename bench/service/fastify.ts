/** fastify with JSON Schema for input and output. */
import { fastify } from "fastify";
import type { Part } from "../harness/part.ts";
import { find, type NewOrder, placeAtLength } from "../subject/orders.ts";
import { newOrderSchema, orderSchema } from "../subject/schemas.ts";

/** Listens. */
export async function listen(): Promise<Part> {
  const app = fastify({ keepAliveTimeout: 600_000, forceCloseConnections: true });
  const response = { 200: orderSchema };
  app.get("/orders/:id", { schema: { response } }, async ({ params }) => find((params as { id: string }).id));
  app.post("/orders", { schema: { body: newOrderSchema, response } }, async ({ body }) =>
    placeAtLength(body as NewOrder),
  );
  return { url: await app.listen({ port: 0, host: "127.0.0.1" }), stop: () => app.close() };
}
