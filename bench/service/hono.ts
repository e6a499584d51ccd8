/** hono on Node, with zod for input; it has nothing for output. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import type { Part } from "../harness/part.ts";
import { find, placeAtLength } from "../subject/orders.ts";
import { NewOrder } from "../subject/schemas.ts";

/** What is used of hono's context. */
interface Context {
  readonly req: { param(name: string): string; json(): Promise<unknown> };
  json(value: unknown, status?: number): Response;
}

/** Listens. */
export async function listen(): Promise<Part> {
  const app = new Hono();
  app.get("/orders/:id", (context: Context) => context.json(find(context.req.param("id"))));
  app.post("/orders", async (context: Context) => {
    const read = NewOrder.safeParse(await context.req.json());
    return read.success ? context.json(placeAtLength(read.data)) : context.json(read.error.issues, 422);
  });
  const server: Server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  if (!server.listening) await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
