/** How a server leaves while another has its port: who is connected learns of it by an answer. */
import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { test } from "node:test";
import { systemClock } from "@cantle/core";
import { answerBytes } from "./answer.ts";
import { startHttpServer } from "./server.ts";

const start = () =>
  startHttpServer({
    clock: systemClock,
    whileDraining: "serve",
    serve: async (exchange) => answerBytes(exchange, { status: 200, bytes: Buffer.from("{}"), headers: [] }),
  });

/** Asks over the agent's connections; answers with what the answer says of its own. */
function ask(url: string, agent: Agent): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.headers.connection));
    })
      .on("error", reject)
      .end();
  });
}

test("an idle connection is kept while a server lingers, its next answer is the last, and then nothing is left", async () => {
  const server = await start();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  assert.equal(await ask(server.address, agent), "keep-alive");
  // However long: it ends with its last connection.
  const lingering = server.linger(60_000);
  assert.equal(await ask(server.address, agent), "close");
  await lingering;
  await assert.rejects(ask(server.address, agent), { code: "ECONNREFUSED" });
  await server.stop();
});

test("who never asks again is let go of after the time", async () => {
  const server = await start();
  const agent = new Agent({ keepAlive: true });
  await ask(server.address, agent);
  await server.linger(1);
  await server.stop();
  agent.destroy();
});
