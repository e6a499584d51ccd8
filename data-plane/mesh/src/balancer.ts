/**
 * Which of several endpoints takes a call. Given what is known of each, a time and a source of chance, it answers; it
 * keeps nothing but the turn of the round robin.
 *
 * - `least-loaded`: of two random ones the one with less load, load being calls in flight times latency (power of two
 *   choices, Mitzenmacher 2001; peak EWMA, Finagle). Loads within a quarter of each other are noise: then chance decides,
 *   so that idle endpoints share evenly. A new one passes on what is more than its share, but not to one that is silent.
 * - `round-robin`: each in turn.
 * - `{ hashBy }`: the same key to the same endpoint (rendezvous hashing, Thaler and Ravishankar 1998): when one leaves, only
 *   its own keys move. An endpoint with more than its share in flight passes the key on to the next (bounded loads).
 */
import type { Call, Random } from "@cantle/core";
import { hashOf } from "./hash.ts";
import type { Latency } from "./latency.ts";

/** What the key of a hash is taken from. */
export type HashKey = "caller" | `input.${string}` | `baggage.${string}`;

/** How an endpoint is picked. */
export type Balancing = "least-loaded" | "round-robin" | { readonly hashBy: HashKey };

/** What a balancer needs to know of an endpoint. */
export interface Candidate {
  readonly id: string;
  readonly inFlight: number;
  /** When it joined, or came back: how warm it is counts from then. */
  readonly sinceMs: number;
  /** By number of the operation, as operations of one service may differ a hundredfold. */
  readonly latencies: readonly (Latency | undefined)[];
}

/** What one choice is made from. */
export interface Choice {
  /** Which of `latencies` counts. */
  readonly slot: number;
  readonly random: Random;
  readonly slowStartMs: number;
}

/** How much busier than its share an endpoint may be before its keys move on. */
const shareMax = 1.25;
const noise = 1.25;
/** How much a new endpoint gets of its share at first. */
const warmthMin = 0.1;
/** Silent for longer than this, an endpoint may have stopped. */
const silentMsMin = 100;
/** Latencies below this are all the same: a process apart cannot answer measurably faster. */
const latencyMsMin = 1;

/** Picks one of at least one candidate for a call. */
export type Balancer = <T extends Candidate>(candidates: readonly T[], call: Call, nowMs: number) => T;

/** Makes a balancer. */
export function balancerOf(balancing: Balancing, choice: Choice): Balancer {
  const least: Balancer = (candidates, _call, nowMs) => leastLoaded(candidates, choice, nowMs);
  if (balancing === "least-loaded") return least;
  if (balancing === "round-robin") {
    let turn = Math.floor(choice.random.next() * 1_000);
    return <T extends Candidate>(candidates: readonly T[]) => candidates[turn++ % candidates.length] as T;
  }
  const { hashBy } = balancing;
  return (candidates, call, nowMs) => {
    const key = keyOf(call, hashBy);
    return key === undefined ? leastLoaded(candidates, choice, nowMs) : hashed(candidates, key);
  };
}

function leastLoaded<T extends Candidate>(candidates: readonly T[], choice: Choice, nowMs: number): T {
  const many = candidates.length;
  if (many === 1) return candidates[0] as T;
  const drawn = Math.floor(choice.random.next() * many * (many - 1));
  const first = Math.floor(drawn / (many - 1));
  const a = candidates[first] as T;
  const b = candidates[(first + 1 + (drawn % (many - 1))) % many] as T;
  const [latencyA, latencyB] = [a.latencies[choice.slot], b.latencies[choice.slot]];
  // One that has answered and one that has not cannot be compared by how fast they are.
  const compared = latencyA?.known && latencyB?.known;
  const loadA = loadOf(a, compared ? latencyA?.costMs(nowMs, latencyMsMin) : silenceOf(latencyA, nowMs));
  const loadB = loadOf(b, compared ? latencyB?.costMs(nowMs, latencyMsMin) : silenceOf(latencyB, nowMs));
  const [better, other] = loadB * noise < loadA ? [b, a] : [a, b];
  const isCold = better.sinceMs + choice.slowStartMs > nowMs && choice.random.next() > warmth(better, choice, nowMs);
  return isCold && silenceOf(other.latencies[choice.slot], nowMs) === 0 ? other : better;
}

/** How long an endpoint has been silent, where that is long enough to mean anything; else 0. */
function silenceOf(latency: Latency | undefined, nowMs: number): number {
  const silentMs = latency?.silentMs(nowMs) ?? 0;
  return silentMs > silentMsMin ? silentMs : 0;
}

function loadOf({ inFlight }: Candidate, costMs = 0): number {
  return (inFlight + 1) * Math.max(latencyMsMin, costMs);
}

/** The share that an endpoint gets of what it would get, from `warmthMin` to 1. */
function warmth({ sinceMs }: Candidate, { slowStartMs }: Choice, nowMs: number): number {
  return Math.max(warmthMin, (nowMs - sinceMs) / slowStartMs);
}

function hashed<T extends Candidate>(candidates: readonly T[], key: string): T {
  const inFlight = candidates.reduce((sum, each) => sum + each.inFlight, 0);
  const inFlightMax = Math.ceil(((inFlight + 1) / candidates.length) * shareMax);
  let best: T | undefined;
  let bestScore = -1;
  for (const each of candidates) {
    if (each.inFlight >= inFlightMax) continue;
    const score = hashOf(`${key}\0${each.id}`);
    if (score > bestScore) [best, bestScore] = [each, score];
  }
  return best ?? (candidates[0] as T);
}

/** The key of a call, where it has one. Input that has not been parsed is not parsed for this. */
function keyOf(call: Call, hashBy: HashKey): string | undefined {
  if (hashBy === "caller") return call.caller?.id;
  const name = hashBy.slice(hashBy.indexOf(".") + 1);
  if (hashBy.startsWith("baggage.")) return call.baggage?.[name];
  const { payload } = call;
  if (payload.kind === "http") return Object.hasOwn(payload.params, name) ? payload.params[name] : undefined;
  if (payload.kind !== "value" || typeof payload.value !== "object" || payload.value === null) return undefined;
  const value = Object.hasOwn(payload.value, name) ? (payload.value as Record<string, unknown>)[name] : undefined;
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
