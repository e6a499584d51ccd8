/**
 * What the machinery sees of an event or a queue: an operation, so that its data is validated, copied and bounded by the
 * same code as every input and output, and a delivery enters a service through the same recipe as a request.
 */
import type { Operation } from "@cantle/core";
import type { DeclaredEvent, DeclaredQueue } from "./channel.ts";
import type { Channel } from "./message.ts";
import type { Schema } from "./schema.ts";
import type { Declared } from "./types.ts";

const none = {
  kind: "operation",
  method: "POST",
  path: "/",
  shape: "value",
  status: 204,
  uploadBytesMax: 0,
  // Brokers have a limit of their own, and what one of them took must be readable here.
  bodyBytesMax: Number.MAX_SAFE_INTEGER,
  deprecated: false,
} as const;

/** The publishing of a message, whose output is its data. */
export function publishing({ service, name, version, data }: DeclaredEvent | DeclaredQueue): Operation {
  const operation: Operation & { readonly output: Schema } = {
    ...none,
    service,
    name,
    version,
    idempotent: false,
    timeoutMs: Number.MAX_SAFE_INTEGER,
    output: data,
  };
  return Object.freeze(operation);
}

/** Where a message is delivered. */
export interface DeliveredTo {
  /** The service that handles it. */
  readonly service: string;
  readonly version: string;
  /** How long handling one may take. */
  readonly timeoutMs: number;
}

/** How the handling of a channel's messages is called, as an operation. */
export function deliveryName({ name }: Channel): string {
  return `on:${name}`;
}

/** The handling of a message, whose input is its data. */
export function delivering(source: DeclaredEvent | DeclaredQueue, to: DeliveredTo): Operation {
  const operation: Operation & { readonly input: Schema } = {
    ...none,
    ...to,
    name: deliveryName(source.channel),
    idempotent: true,
    input: source.data,
  };
  return Object.freeze(operation as Declared);
}
