/**
 * `registry`: who runs where. All of it is internal; nothing is reachable through a gateway.
 *
 * Registering, beating and leaving twice is the same as once, so everything here may be retried.
 */
import { contract, del, get, post, put } from "@cantle/contract";
import { z } from "zod";
import { addressLengthMax } from "./address.ts";

/** An array that nobody writes to. Said in types alone: the platform copies what was validated where it stands. */
const listOf = <S extends z.ZodType>(item: S, { min = 0, max = 4096 } = {}) =>
  z.array(item).min(min).max(max) as unknown as z.ZodType<readonly z.output<S>[], readonly z.input<S>[]>;

const Id = z.string().regex(/^[a-zA-Z][a-zA-Z0-9._-]{0,127}$/);
const State = z.enum(["starting", "ready", "draining"]);
/** Keys begin with a letter, so none is a name that code might stumble over, such as `__proto__`. */
const Metadata = z.record(z.string().regex(/^[a-z][a-zA-Z0-9._-]{0,63}$/), z.string().max(1024));
const Service = z.object({
  service: Id,
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/)
    .max(64),
  addresses: listOf(z.string().min(1).max(addressLengthMax), { max: 16 }),
  state: State,
  metadata: Metadata,
});
const Announcement = listOf(Service.extend({ metadata: Metadata.default({}) }), { min: 1, max: 256 });
const Instances = listOf(z.object({ instance: Id, unit: Id, services: listOf(Service) }));
const ById = z.object({ instance: Id });
/** False when the registry does not know the instance: it has been restarted, or it gave the instance up. Register again. */
const Known = z.object({ known: z.boolean() });

/** What a watch is told: how things stand, in pages, and from then on what changed. */
const Item = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("snapshot"), first: z.boolean(), last: z.boolean(), instances: Instances }),
  z.object({ kind: z.literal("changed"), put: Instances, gone: listOf(Id) }),
]);

/** One item of a watch. */
export type WatchItem = z.input<typeof Item>;

/** How the registry refuses. */
const errors = {
  LeaseRefused: { status: 403, description: "the instance, the service or the address belongs to another unit" },
  NotAnnounceable: {
    status: 422,
    description: "the instance cannot be announced like this",
    data: z.object({ errors: z.record(z.string(), z.array(z.string())) }),
  },
  RegistryFull: { status: 503, description: "the registry holds as many instances or watchers as it may" },
} as const;
const quick = { idempotent: true, timeoutMs: 1_000, errors } as const;
const dayMs = 86_400_000;

/** The contract of the registry. */
export const registry = contract("registry", {
  version: "1.0.0",
  operations: {
    register: put("/instances/{instance}", {
      summary: "Announces an instance and all of its services, in place of what it announced before.",
      input: z.object({ instance: Id, services: Announcement }),
      output: z.object({ leaseMs: z.int(), heartbeatMs: z.int() }),
      ...quick,
    }),
    heartbeat: post("/instances/{instance}/heartbeat", {
      summary: "Renews the lease of an instance, for all of its services.",
      input: ById,
      output: Known,
      ...quick,
    }),
    setState: put("/instances/{instance}/state", {
      summary: "Sets the state of one service of an instance, or of all.",
      input: z.object({ instance: Id, state: State, service: Id.optional() }),
      output: Known,
      ...quick,
    }),
    deregister: del("/instances/{instance}", {
      summary: "Takes an instance out, at once.",
      input: ById,
      output: Known,
      ...quick,
    }),
    list: get("/instances", { summary: "All instances.", output: z.object({ instances: Instances }) }),
    watch: get("/watch", {
      summary: "All instances, and from then on every change.",
      stream: Item,
      errors,
      // A watch has no end of its own; whoever watches begins again once a day.
      timeoutMs: dayMs,
    }),
  },
});
