/** One resource on fastify, validated by zod, kept in memory: what a small service is made of without a platform. */
import process from "node:process";
import { fastify } from "fastify";
import { z } from "zod";

const NewAccount = z.object({ email: z.email(), name: z.string().min(1).max(100) });
const accounts = new Map<string, z.infer<typeof NewAccount>>();
const app = fastify();
app.post("/accounts", async ({ body }, reply) => {
  const read = NewAccount.safeParse(body);
  if (!read.success) return reply.code(422).send(read.error.issues);
  const id = String(accounts.size + 1);
  accounts.set(id, read.data);
  return reply.code(201).send({ id, ...read.data });
});
await app.listen({ port: Number(process.env["PORT"]), host: "127.0.0.1" });
