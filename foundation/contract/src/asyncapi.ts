/**
 * Contracts as one AsyncAPI 3.0 document (https://www.asyncapi.com/docs/reference/specification/v3.0.0): what services publish
 * and which queues they take work from. The services are the applications, so their events are what they send and their
 * queues what they receive. Who subscribes is not in a contract, and so not here.
 */
import type { DeclaredEvent, DeclaredQueue } from "./channel.ts";
import { SchemaComponents } from "./openapi-schemas.ts";
import { type JsonSchema, jsonSchemaOf } from "./schema.ts";
import type { Contract } from "./types.ts";

/** What the document says of the whole. */
export interface AsyncApiOptions {
  readonly title: string;
  readonly version: string;
}

/** An AsyncAPI 3.0 document, as plain data. */
export interface AsyncApiDocument {
  readonly asyncapi: "3.0.0";
  readonly info: { readonly title: string; readonly version: string };
  readonly defaultContentType: "application/json";
  readonly channels: Readonly<Record<string, JsonSchema>>;
  readonly operations: Readonly<Record<string, JsonSchema>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

/** The document of some contracts; channels are called as they are at the broker. */
export function asyncapi(contracts: readonly Contract<string, any>[], options: AsyncApiOptions): AsyncApiDocument {
  const schemas = new SchemaComponents();
  const channels: Record<string, JsonSchema> = {};
  const operations: Record<string, JsonSchema> = {};
  for (const { events, queues } of contracts as readonly Channels[]) {
    for (const declared of [...Object.values(events), ...Object.values(queues)]) {
      const { name } = declared.channel;
      channels[name] = channelOf(declared, schemas);
      operations[`${declared.kind === "event" ? "publish" : "take"}:${name}`] = {
        action: declared.kind === "event" ? "send" : "receive",
        channel: { $ref: `#/channels/${name}` },
        ...(declared.summary !== undefined && { summary: declared.summary }),
      };
    }
  }
  const { title, version } = options;
  return {
    asyncapi: "3.0.0",
    info: { title, version },
    defaultContentType: "application/json",
    channels,
    operations,
    components: { schemas: schemas.all() },
  };
}

interface Channels {
  readonly events: Readonly<Record<string, DeclaredEvent>>;
  readonly queues: Readonly<Record<string, DeclaredQueue>>;
}

function channelOf(declared: DeclaredEvent | DeclaredQueue, schemas: SchemaComponents): JsonSchema {
  const { channel, data, description, deprecated, kind, name, service, version } = declared;
  const root = jsonSchemaOf(data, "output", channel.name);
  const payload = schemas.place(root, { root, side: "Output", hint: channel.name });
  return {
    address: channel.name,
    ...(description !== undefined && { description }),
    messages: {
      [name]: {
        name: channel.name,
        payload,
        headers: cloudEventHeaders,
        "x-service": `${service}@${version}`,
        ...(deprecated && { "x-deprecated": true }),
        ...(kind === "event" && declared.key !== undefined && { "x-key": declared.key }),
      },
    },
  };
}

/** The attributes that every message has, whatever carries it. */
const cloudEventHeaders: JsonSchema = {
  type: "object",
  properties: {
    id: { type: "string", description: "The same in every delivery." },
    source: { type: "string", description: "The service that published it." },
    time: { type: "string", format: "date-time" },
    key: { type: "string", description: "Messages with the same one are handled in order." },
    traceparent: { type: "string" },
  },
  required: ["id", "source", "time"],
};
