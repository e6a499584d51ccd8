/** The words every part shares. */
export {
  type Baggage,
  baggageLimits,
  formatBaggage,
  isBaggageName,
  isCarried,
  parseBaggage,
} from "./baggage.ts";
export {
  type Bytes,
  Call,
  type Caller,
  type CallStart,
  type Cancellable,
  type Delivered,
  type Handler,
  isIdempotencyKey,
  type Payload,
  type Peer,
  type Reply,
  type Wrap,
} from "./call.ts";
export { type Clock, delay, systemClock, type Timer, type VirtualClock, virtualClock, within } from "./clock.ts";
export { type Code, type CodeFacts, codes, isCode } from "./code.ts";
export { createDeadlines, Deadline, type Deadlines } from "./deadlines.ts";
export { type Duration, durationMs } from "./duration.ts";
export {
  asCantleError,
  CantleError,
  type ErrorDetails,
  type ErrorRecord,
  fromRecord,
  isCantleError,
  toRecord,
} from "./error.ts";
export { causes, explainError, plain } from "./explain.ts";
export { createStarted, type Running, type Started } from "./lifecycle.ts";
export { type Access, type Method, type Operation, operationId, type Shape, type Slo } from "./operation.ts";
export { type Random, seededRandom, systemRandom } from "./random.ts";
export { formatTrace, newTrace, parseTrace, type Trace } from "./trace.ts";
