/** The floor: a time-out for each call on one shared coarse timer, written by hand, and nothing else. */
import { driver } from "../harness/drive.ts";
import type { Part } from "../harness/part.ts";
import { answer } from "./bare.ts";

interface Waiting {
  untilMs: number;
  reject: (error: Error) => void;
}

/** Calls it. */
export async function start(): Promise<Part> {
  const waiting = new Set<Waiting>();
  let nowMs = performance.now();
  const timer = setInterval(() => {
    nowMs = performance.now();
    for (const each of waiting) if (each.untilMs < nowMs) each.reject(new Error("too late"));
  }, 10);
  const call = () =>
    new Promise((resolve, reject) => {
      const each = { untilMs: nowMs + 10_000, reject };
      waiting.add(each);
      const done = () => waiting.delete(each);
      answer().then((value) => done() && resolve(value), reject);
    });
  return { drive: driver(call), stop: () => clearInterval(timer) };
}
