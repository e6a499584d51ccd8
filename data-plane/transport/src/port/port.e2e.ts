/** The port transport between real threads. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageChannel, Worker } from "node:worker_threads";
import { Call, type CantleError, type Operation, virtualClock } from "@cantle/core";
import { dialPort } from "./dial.ts";

const program = `
import { workerData } from "node:worker_threads";
import { seededRandom, systemClock } from "@cantle/core";
const { servePort } = await import(workerData.listen);
const handlers = {
  echo: async ({ payload }) => ({ kind: "bytes", bytes: payload.bytes }),
  never: () => new Promise(() => {}),
};
servePort(workerData.port, {
  find: (_, name) => ({ operation: { service: "things", name, version: "1.0.0" }, handle: handlers[name] }),
  list: () => [],
  peerOf: (_, service) => ({ service, uses: "*" }),
  callerOf: () => undefined,
}, { clock: systemClock, random: seededRandom(1), instance: "things-1" });
`;

test("a thread is called, and its end fails what is under way with UNREACHABLE", async () => {
  const { port1, port2 } = new MessageChannel();
  const listen = new URL("./listen.ts", import.meta.url).href;
  const worker = new Worker(program, { eval: true, workerData: { port: port2, listen }, transferList: [port2] });
  const connection = dialPort(port1, { clock: virtualClock(), token: "t", services: ["orders"] });
  const call = (operation: string) =>
    connection.handle(
      new Call({ service: "things", name: operation, version: "1.0.0" } as Operation, {
        payload: { kind: "value", value: { from: "afar" } },
        peer: { service: "orders", uses: "*" },
        trace: { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: false },
        deadlineMs: Number.POSITIVE_INFINITY,
      }),
    );
  const reply = await call("echo");
  assert.ok(reply.kind === "bytes");
  assert.equal(Buffer.from(reply.bytes).toString(), `{"from":"afar"}`);
  const answer = call("never").catch((error: CantleError) => error.code);
  await call("echo");
  await worker.terminate();
  assert.equal(await answer, "UNREACHABLE");
});
