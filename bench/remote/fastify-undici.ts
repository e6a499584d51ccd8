/** fastify with JSON schemas, called with undici's pool: HTTP as most teams have it between services. */
import { fastify } from "fastify";
import { Pool } from "undici";
import type { Part } from "../harness/part.ts";
import { type NewOrder, place, smallOrder } from "../subject/orders.ts";
import { newOrderSchema, orderSchema } from "../subject/schemas.ts";
import type { Caller } from "./sides.ts";

/** Serves. */
export async function serve(): Promise<Part> {
  const app = fastify();
  const schema = { body: newOrderSchema, response: { 200: orderSchema } };
  app.post("/quotes", { schema }, async (request) => place(request.body as NewOrder));
  return { at: await app.listen({ port: 0, host: "127.0.0.1" }), stop: () => app.close() };
}

/** Calls. */
export async function connect(at: string): Promise<Caller> {
  const pool = new Pool(at, { connections: 64 });
  const headers = { "content-type": "application/json" };
  return {
    async call() {
      const body = JSON.stringify(smallOrder);
      return (await pool.request({ method: "POST", path: "/quotes", headers, body })).body.json();
    },
    close: () => pool.close(),
  };
}
