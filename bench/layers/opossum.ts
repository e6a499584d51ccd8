/** opossum: a circuit breaker with a time-out. */
import CircuitBreaker from "opossum";
import { driver } from "../harness/drive.ts";
import type { Part } from "../harness/part.ts";
import { answer } from "./bare.ts";

/** Calls through it. */
export async function start(): Promise<Part> {
  const breaker = new CircuitBreaker(answer, { timeout: 10_000, capacity: 1_000 });
  return { drive: driver(() => breaker.fire()), stop: () => breaker.shutdown() };
}
