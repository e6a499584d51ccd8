/** Nothing around a call: what the loop and one await cost. */
import { driver } from "../harness/drive.ts";
import type { Part } from "../harness/part.ts";

/** What every contestant wraps. */
export const answer = async () => "answered";

/** Calls it. */
export async function start(): Promise<Part> {
  return { drive: driver(answer), stop() {} };
}
