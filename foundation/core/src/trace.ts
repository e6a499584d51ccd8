/** W3C Trace Context (https://www.w3.org/TR/trace-context/), as far as a call carries it. */
import type { Random } from "./random.ts";

/** Where a call stands in its trace. */
export interface Trace {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits: the span that made this call. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** `tracestate`, passed on unread; at most 512 characters. */
  readonly state?: string;
}

const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const stateMax = 512;

/** Reads `traceparent` and `tracestate`. Whatever is malformed is nothing: a new trace begins, never an error. */
export function parseTrace(parent: string | undefined, state?: string): Trace | undefined {
  const match = parent === undefined || parent.length > 256 ? null : shape.exec(parent);
  if (!match || match[1] === "ff" || (match[1] === "00" && match[5] !== undefined)) return undefined;
  const [, , traceId = "", spanId = "", flags = ""] = match;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const sampled = (Number.parseInt(flags, 16) & 1) === 1;
  return state && state.length <= stateMax ? { traceId, spanId, sampled, state } : { traceId, spanId, sampled };
}

/** `traceparent` of a trace, version 00. */
export function formatTrace(trace: Trace): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? "01" : "00"}`;
}

/** A trace that begins here. Its ids are drawn when somebody reads them: most calls inside a process are never looked at. */
export function newTrace(random: Random, sampled = false): Trace {
  return new FreshTrace(random, sampled);
}

class FreshTrace implements Trace {
  readonly sampled: boolean;
  readonly #random: Random;
  #traceId: string | undefined;
  #spanId: string | undefined;

  constructor(random: Random, sampled: boolean) {
    this.#random = random;
    this.sampled = sampled;
  }

  get traceId(): string {
    this.#traceId ??= this.#random.hex(16);
    return this.#traceId;
  }

  get spanId(): string {
    this.#spanId ??= this.#random.hex(8);
    return this.#spanId;
  }
}
