/** Contracts: the value everything else is derived from. */

export { type AsyncApiDocument, type AsyncApiOptions, asyncapi } from "./asyncapi.ts";
export {
  type DeclaredEvent,
  type DeclaredQueue,
  type EventDraft,
  type EventSpec,
  event,
  type QueueDraft,
  type QueueSpec,
  queue,
} from "./channel.ts";
export { type DeliveredTo, delivering, deliveryName, publishing } from "./channel-operation.ts";
export { bytesOf, clientOf, outputOf, type Send } from "./client.ts";
export { type Codec, codecOf } from "./codec.ts";
export { contract } from "./contract.ts";
export {
  type BytesSpec,
  bytes,
  type Draft,
  del,
  type ErrorSpec,
  get,
  type OperationSpec,
  patch,
  post,
  put,
} from "./draft.ts";
export { failOf, failuresOf, isFailure, wasMadeBy } from "./failure.ts";
export { type ClientOptions, createClient, type Fetch } from "./fetch-client.ts";
export { type ContextOf, implement, type Needs } from "./implement.ts";
export { jsonDepthMax, parseJson, printJson } from "./json.ts";
export { branchesOf, propertiesOf } from "./json-schema.ts";
export { essenceOf, isAmong } from "./media-type.ts";
export type { Channel, Message, Priority } from "./message.ts";
export type { At, Known, Members, Mistake } from "./mistake.ts";
export { type OpenApiDocument, type OpenApiOptions, openapi } from "./openapi.ts";
export { parametersOf } from "./path.ts";
export { errorOfProblem, type Problem, problemOf, problemType, statusTitle } from "./problem.ts";
export { type Addressing, inputInQuery, type RequestParts, requestOf } from "./request.ts";
export {
  type In,
  type Issue,
  isSchema,
  type JsonSchema,
  jsonSchemaOf,
  type Out,
  type Schema,
  type Validated,
} from "./schema.ts";
export { eventsOf, eventsType, printEvent, type ServerSentEvent } from "./server-sent-events.ts";
export type * from "./types.ts";
