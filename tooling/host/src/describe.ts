/**
 * What an instance says of itself: the operations of the services it runs, as the machinery sees them. The gateway makes its
 * routes of them, so it loads no service's code, and a service that is broken is only missing.
 */

import { contract, get } from "@cantle/contract";
import type { Operation } from "@cantle/core";
import { type ServiceDefinition, service } from "@cantle/service";
import { z } from "zod";

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

/** The contract that every instance serves besides its services'. */
export const instanceContract = contract("instance", {
  version: "1.0.0",
  operations: {
    describe: get("/-/operations", {
      summary: "The operations of a service that have access; for the gateway.",
      input: z.object({ service: z.string() }),
      output: z.object({ operations: z.array(Described) }),
      timeoutMs: 2_000,
    }),
  },
});

/** The service behind it, for the operations that `find` knows. */
export function instanceService(find: (service: string) => readonly Operation[]): ServiceDefinition {
  return service(instanceContract, {
    handlers: {
      async describe(input) {
        const operations = find(input.service).filter((operation) => operation.access !== undefined);
        return { operations: operations as z.input<typeof Described>[] };
      },
    },
  });
}
