/** @fastify/http-proxy, as it comes. */
import proxy from "@fastify/http-proxy";
import { fastify } from "fastify";
import type { Part } from "../harness/part.ts";

/** Listens in front of `upstream`. */
export async function listen(upstream: string): Promise<Part> {
  const app = fastify({ forceCloseConnections: true });
  await app.register(proxy, { upstream, undici: { connections: 64 } });
  return { url: await app.listen({ port: 0, host: "127.0.0.1" }), stop: () => app.close() };
}
