/** Moleculer: a call with its time-out, retry, breaker and bulkhead on, of an action that answers at once. */
import { ServiceBroker } from "moleculer";
import { driver } from "../harness/drive.ts";
import type { Part } from "../harness/part.ts";
import { answer } from "./bare.ts";

/** Calls through it. */
export async function start(): Promise<Part> {
  const broker = new ServiceBroker({
    logger: false,
    requestTimeout: 10_000,
    retryPolicy: { enabled: true, retries: 2 },
    circuitBreaker: { enabled: true },
    bulkhead: { enabled: true, concurrency: 1_000 },
  });
  broker.createService({ name: "subject", actions: { answer } });
  await broker.start();
  return { drive: driver(() => broker.call("subject.answer")), stop: () => broker.stop() };
}
