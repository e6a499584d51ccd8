/** Kills, again and again, in the middle of the work: of the broker, of a consumer, and of whoever comes by. What was acknowledged, is it there? */
import type { Contest } from "../harness/contest.ts";
import { broker } from "./broker.ts";
import { consumer } from "./consumer.ts";
import { outbox } from "./outbox.ts";

/** The contests. */
export async function contests(): Promise<Contest[]> {
  return [broker, consumer, outbox];
}
