/** fastify in front of raw frames: what a gateway on Node to a service of ours costs without being a gateway. */
import { fastify } from "fastify";
import type { Part } from "../harness/part.ts";
import { dial } from "../remote/frames.ts";

/** Listens in front of the frames at `upstream`. */
export async function listen(upstream: string): Promise<Part> {
  const { ask, close } = await dial(upstream);
  const app = fastify({ forceCloseConnections: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  const [before, after] = [Buffer.from('{"place":'), Buffer.from("}")];
  app.get("/orders/:id", async ({ params }, reply) => {
    reply.header("content-type", "application/json");
    return ask(Buffer.from(JSON.stringify({ read: (params as { id: string }).id })));
  });
  app.post("/orders", async ({ body }, reply) => {
    reply.header("content-type", "application/json");
    return ask(Buffer.concat([before, body as Buffer, after]));
  });
  return {
    url: await app.listen({ port: 0, host: "127.0.0.1" }),
    async stop() {
      await app.close();
      close();
    },
  };
}
