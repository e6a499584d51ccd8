/**
 * What an instance says of itself, to the platform only: the operations of the services it runs, as the machinery sees them (the
 * gateway makes its routes of them, so it loads no service's code, and a service that is broken is only missing), and the
 * breakers of its way out, which whoever operates the system may steer.
 */

import { contract, get, put } from "@cantle/contract";
import type { Operation, Peer } from "@cantle/core";
import { unitOfPeer } from "@cantle/identity";
import { breakersOf, type Steering } from "@cantle/mesh";
import { type ServiceDefinition, service } from "@cantle/service";
import { z } from "zod";
import type { Instance } from "./instance.ts";

const Bytes = z.object({ kind: z.literal("bytes"), maxBytes: z.int(), types: z.array(z.string()) });
const Described = z.object({
  kind: z.literal("operation"),
  service: z.string(),
  name: z.string(),
  version: z.string(),
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
  path: z.string(),
  shape: z.enum(["value", "stream", "upload", "download"]),
  status: z.int(),
  access: z.union([z.enum(["public", "user"]), z.object({ roles: z.array(z.string()) })]).optional(),
  idempotent: z.boolean(),
  timeoutMs: z.int(),
  uploadBytesMax: z.int(),
  bodyBytesMax: z.int(),
  deprecated: z.boolean(),
  upload: Bytes.optional(),
  download: Bytes.optional(),
});
const Breaker = z.object({
  /** `service.operation`, as this instance calls it. */
  operation: z.string(),
  state: z.enum(["closed", "open", "half-open", "forced-open", "disabled"]),
  /** Why it is in this state; empty where it never was in another. */
  why: z.string(),
  /** Of an open one: how long it stays so at least. */
  openForMs: z.int().optional(),
  /** Of the calls of its window, while it is closed. */
  calls: z.int(),
  failures: z.int(),
  slow: z.int(),
});

/** How somebody who operates a system steers a breaker, and what that is to it. */
export const steerings: Readonly<Record<"open" | "close" | "auto", Steering>> = Object.freeze({
  open: "open",
  close: "off",
  auto: "auto",
});

const errors = { NotAllowed: { status: 403, description: "only the platform may ask" } } as const;

/** The contract that every instance serves besides its services'. */
export const instanceContract = contract("instance", {
  version: "1.1.0",
  operations: {
    describe: get("/-/operations", {
      summary: "The operations of a service that have access; for the gateway.",
      input: z.object({ service: z.string() }),
      output: z.object({ operations: z.array(Described) }),
      timeoutMs: 2_000,
    }),
    breakers: get("/-/breakers", {
      summary: "The breakers of this instance's way out.",
      output: z.object({ breakers: z.array(Breaker) }),
      errors,
      timeoutMs: 2_000,
    }),
    steer: put("/-/breakers/{operation}", {
      summary: "Opens or closes a breaker until it is told otherwise, or lets it decide again.",
      input: z.object({ operation: z.string(), to: z.enum(["open", "close", "auto"]) }),
      output: z.object({
        /** False where this instance does not call the operation, or has no breaker for it. */
        known: z.boolean(),
      }),
      errors,
      timeoutMs: 2_000,
    }),
  },
});

/** What one breaker is like. */
export type BreakerShown = z.output<typeof Breaker>;

/** The service behind it. */
export function instanceService({ doors, mesh }: Pick<Instance, "doors" | "mesh">): ServiceDefinition {
  const operationsOf = (name: string): Operation[] =>
    doors.list().flatMap(({ operation }) => (operation.service === name ? [operation] : []));
  return service(instanceContract, {
    handlers: {
      async describe(input) {
        const operations = operationsOf(input.service).filter((operation) => operation.access !== undefined);
        return { operations: operations as z.input<typeof Described>[] };
      },
      async breakers(_input, { peer, fail }) {
        if (!isPlatform(peer)) throw fail("NotAllowed");
        return { breakers: shown(mesh) };
      },
      async steer({ operation, to }, { peer, fail, log }) {
        if (!isPlatform(peer)) throw fail("NotAllowed");
        const breaker = breakersOf(mesh).get(operation);
        if (breaker === undefined) return { known: false };
        breaker.steer(steerings[to]);
        log.warn("a breaker was steered", { breaker: operation, to });
        return { known: true };
      },
    },
  });
}

/** A service may name any contract in its `uses`; what an instance says of itself is not for services. */
function isPlatform(peer: Peer): boolean {
  return unitOfPeer(peer)?.platform === true;
}

function shown(mesh: Instance["mesh"]): BreakerShown[] {
  const nowMs = mesh.clock.nowMs();
  return [...breakersOf(mesh)]
    .map(([operation, breaker]) => ({ operation, ...breaker.facts(nowMs) }))
    .sort((a, b) => (a.operation < b.operation ? -1 : 1));
}
