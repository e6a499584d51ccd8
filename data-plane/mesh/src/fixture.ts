/** A small mesh for tests: a virtual clock, a seeded source of chance, and endpoints that are functions. */

import { bytes, contract, get, post, put } from "@cantle/contract";
import {
  Call,
  CantleError,
  type Clock,
  type Code,
  createDeadlines,
  type Handler,
  newTrace,
  type Peer,
  type Reply,
  seededRandom,
  virtualClock,
} from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { z } from "zod";
import type { OutboundHost } from "./outbound-host.ts";
import type { Policies } from "./policy.ts";
import { type Endpoint, staticResolver } from "./resolver.ts";

/** A contract with one operation of each kind that the mesh tells apart. */
export const things = contract("things", {
  version: "1.0.0",
  operations: {
    read: get("/things/{id}", {
      input: z.object({ id: z.string() }),
      output: z.object({ id: z.string() }),
      errors: { Gone: { status: 410, data: z.object({ when: z.string() }) } },
    }),
    make: post("/things", { input: z.object({ name: z.string() }), output: z.object({ id: z.string() }) }),
    put: put("/blob", { upload: bytes({ maxBytes: 8, types: ["image/*"] }), output: z.int() }),
    watch: get("/watch", {
      stream: z.number(),
      errors: { Gone: { status: 410, data: z.object({ when: z.string() }) } },
    }),
    mine: get("/mine", { access: "user", output: z.string() }),
    admin: get("/admin", { access: { roles: ["admin"] }, output: z.string() }),
  },
});

/** The platform as a peer. */
export const anyone: Peer = { service: "test", uses: "*" };

/** What answers at each endpoint. */
export function fixture(policies: Policies = {}) {
  const clock = virtualClock();
  const random = seededRandom(1);
  const resolver = staticResolver();
  const handlers = new Map<string, Handler>();
  const host: OutboundHost = {
    clock,
    random,
    resolver,
    deadlines: createDeadlines(clock),
    log: silentLogger,
    policies,
    dial: (endpoint) => (call) => (handlers.get(endpoint.id) as Handler)(call),
  };
  return {
    clock,
    random,
    resolver,
    host,
    /** Makes endpoints of `things`, each with what answers there. */
    serve(
      endpoints: Record<string, Handler | "starting" | "draining">,
      more: Record<string, Partial<Pick<Endpoint, "version" | "zone" | "labels" | "keepsKeys">>> = {},
    ) {
      const views = Object.entries(endpoints).map(([id, handler]): Endpoint => {
        const endpoint = { id, service: "things", version: "1.0.0", ...more[id] };
        if (typeof handler === "string") return { ...endpoint, state: handler };
        handlers.set(id, handler);
        return { ...endpoint, state: "ready", address: `unix:/${id}` };
      });
      resolver.set("things", views);
    },
    call: (
      operation: keyof typeof things.operations,
      value: unknown = { id: "1" },
      more: Partial<Pick<Call, "peer" | "caller" | "deadlineMs" | "baggage" | "idempotencyKey">> = {},
    ) =>
      new Call(things.operations[operation], {
        payload: { kind: "value", value },
        peer: anyone,
        trace: newTrace(random),
        deadlineMs: Number.POSITIVE_INFINITY,
        ...more,
      }),
  };
}

/** A reply with a value. */
export const reply = (value: unknown): Promise<Reply> => Promise.resolve({ kind: "value", value });
/** A failure with a code. */
export const failure = (code: Code, retried = false): Promise<Reply> =>
  Promise.reject(new CantleError(code, code, { retried }));
/** Never: what an endpoint does that has stopped. The transport gives up when the call is cancelled. */
export const silence: Handler = (call) => new Promise((_resolve, reject) => void call.onCancel(reject));
/** Answers after a while, or when the call is cancelled. */
export const after =
  (clock: Clock, delayMs: number, answer: () => Promise<Reply> = () => reply("slow")): Handler =>
  (call) =>
    new Promise((resolve, reject) => {
      const timer = clock.after(delayMs, () => resolve(answer()));
      call.onCancel((reason) => {
        timer.cancel();
        reject(reason);
      });
    });
/** Matches an error by its code. */
export const withCode = (code: Code) => (error: unknown) => (error as CantleError).code === code;
