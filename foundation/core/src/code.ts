/**
 * The closed table of codes. Every error a user can see carries one of these; each is the same on the
 * wire, in a problem document, in the log and in `cantle explain CODE`, and has a section in
 * `docs/reference/errors.md` (a test checks both ways).
 *
 * - `status`: the HTTP status a caller sees (RFC 9110). Codes that only appear before anything listens have none.
 * - `exit`: the exit code of a command that ends with it (design: 1 failed, 2 usage, 3 config or contract, 4 not found,
 *   5 environment, 6 timeout, 7 conflict, 8 remote, 9 bug).
 * - `retry`: whether the same call may be sent once more. `safe`: the handler was certainly not entered, so any call may;
 *   `idempotent`: it may have been, so only an idempotent call may; `never`: the answer would be the same.
 */
const table = {
  // What a caller did
  BODY_MALFORMED: { status: 400, exit: 8, retry: "never", meaning: "The body is not the JSON it says it is." },
  REQUEST_MALFORMED: {
    status: 400,
    exit: 8,
    retry: "never",
    meaning: "The request has no single reading: its line, Host, path or headers are broken.",
  },
  UNAUTHENTICATED: {
    status: 401,
    exit: 8,
    retry: "never",
    meaning: "A token is needed, or the one presented is not valid.",
  },
  FORBIDDEN: { status: 403, exit: 8, retry: "never", meaning: "The caller is known and may not do this." },
  PEER_REFUSED: {
    status: 403,
    exit: 8,
    retry: "never",
    meaning: "The calling service has not declared this call in its `uses`, or is not who it says.",
  },
  ROUTE_UNKNOWN: { status: 404, exit: 4, retry: "never", meaning: "No operation answers at this path." },
  OPERATION_UNKNOWN: { status: 404, exit: 4, retry: "never", meaning: "The contract has no operation of this name." },
  SERVICE_UNKNOWN: { status: 404, exit: 4, retry: "never", meaning: "The system has no service of this name." },
  METHOD_NOT_ALLOWED: { status: 405, exit: 8, retry: "never", meaning: "The path exists, the method does not." },
  BODY_TOO_LARGE: { status: 413, exit: 8, retry: "never", meaning: "The body is over the limit of the operation." },
  URI_TOO_LONG: { status: 414, exit: 8, retry: "never", meaning: "The request target is over the limit." },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    exit: 8,
    retry: "never",
    meaning: "The content type is not one that the operation takes.",
  },
  INPUT_INVALID: { status: 422, exit: 8, retry: "never", meaning: "The input does not fit the contract." },
  HEADERS_TOO_LARGE: { status: 431, exit: 8, retry: "never", meaning: "The header fields are too many or too large." },
  CANCELLED: {
    status: 499,
    exit: 8,
    retry: "never",
    meaning: "The caller went away or cancelled before there was a reply.",
  },
  DECLARED: {
    status: 500,
    exit: 8,
    retry: "never",
    meaning: "A failure that the contract declares; it has its own name, status and data.",
  },
  // What went wrong on the way or inside
  INTERNAL: {
    status: 500,
    exit: 8,
    retry: "never",
    meaning: "The handler threw something its contract does not declare.",
  },
  OUTPUT_INVALID: {
    status: 500,
    exit: 8,
    retry: "never",
    meaning: "The handler's result does not fit its own contract.",
  },
  TRANSACTION_MISUSED: {
    status: 500,
    exit: 9,
    retry: "never",
    meaning: "A transaction was nested, used after its end, or gone around.",
  },
  CALL_IN_TRANSACTION: {
    status: 500,
    exit: 9,
    retry: "never",
    meaning: "A remote call was made inside a database transaction.",
  },
  REPLY_TOO_LARGE: { status: 500, exit: 8, retry: "never", meaning: "The reply is over the limit." },
  REPLY_MALFORMED: {
    status: 502,
    exit: 8,
    retry: "never",
    meaning: "The other side answered with something that cannot be read.",
  },
  CONNECT_FAILED: {
    status: 502,
    exit: 8,
    retry: "safe",
    meaning: "No connection could be made, so the call was never sent.",
  },
  UNREACHABLE: {
    status: 502,
    exit: 8,
    retry: "idempotent",
    meaning: "The connection broke after the call was sent and before a reply.",
  },
  UNAVAILABLE: { status: 503, exit: 8, retry: "never", meaning: "No instance of the service can take the call." },
  OVERLOADED: {
    status: 503,
    exit: 8,
    retry: "safe",
    meaning: "A named limit of the instance is reached; it shed the call at its door.",
  },
  DRAINING: { status: 503, exit: 8, retry: "safe", meaning: "The instance is leaving and takes no new calls." },
  DEADLINE_EXCEEDED: {
    status: 504,
    exit: 6,
    retry: "never",
    meaning: "The call's deadline passed before there was a reply.",
  },
  // The wire
  WIRE_VERSION: {
    status: 502,
    exit: 8,
    retry: "never",
    meaning: "The two ends of a wire connection share no version.",
  },
  FRAME_INVALID: {
    status: 502,
    exit: 8,
    retry: "never",
    meaning: "A wire frame breaks the protocol; the connection is closed.",
  },
  // Messages
  CHANNEL_UNKNOWN: { status: 404, exit: 4, retry: "never", meaning: "There is no topic, queue or group of this name." },
  MESSAGE_TOO_LARGE: { status: 413, exit: 8, retry: "never", meaning: "A message is over the broker's limit." },
  MESSAGE_INVALID: { status: 500, exit: 8, retry: "never", meaning: "A message does not fit its contract." },
  BROKER_FULL: {
    status: 507,
    exit: 8,
    retry: "never",
    meaning: "The broker has no room for another message; those it has can still be taken.",
  },
  BROKER_UNAVAILABLE: {
    status: 503,
    exit: 8,
    retry: "idempotent",
    meaning: "The broker cannot be reached, or cannot promise to keep a message.",
  },
  DELIVERY_LOST: {
    status: 409,
    exit: 8,
    retry: "never",
    meaning: "The lease of a delivery was over, and somebody else may have it.",
  },
  CONSUMER_GONE: {
    status: 500,
    exit: 8,
    retry: "never",
    meaning: "Whoever had a message ended, or let its lease run out, without a word.",
  },
  KEY_REUSED: {
    status: 409,
    exit: 7,
    retry: "never",
    meaning: "The idempotency key was used before, for another request.",
  },
  // Before anything listens
  CONTRACT_INVALID: { exit: 3, retry: "never", meaning: "A contract says something that cannot be said." },
  CONTRACT_INCOMPATIBLE: {
    status: 503,
    exit: 3,
    retry: "never",
    meaning: "The running version of a service is older than the one the caller was written for.",
  },
  SERVICE_INVALID: { exit: 3, retry: "never", meaning: "A service definition does not fit its contract." },
  SERVICE_BROKEN: { exit: 3, retry: "never", meaning: "The module of a service failed to load." },
  BINDING_BROKEN: { exit: 1, retry: "never", meaning: "Something that a service owns could not be opened." },
  INSTANCE_CRASHED: { exit: 1, retry: "never", meaning: "The process or thread of an instance ended by itself." },
  INSTANCE_STALLED: {
    exit: 1,
    retry: "never",
    meaning: "The event loop of an instance stood still for too long, so its process was killed.",
  },
  INSTANCE_OUT_OF_MEMORY: {
    exit: 1,
    retry: "never",
    meaning: "An instance wanted more memory than it may have, and was ended.",
  },
  FOLDER_UNUSABLE: { exit: 5, retry: "never", meaning: "A folder cannot be made, read or written." },
  COMMAND_MISSING: { exit: 5, retry: "never", meaning: "A command that is to be run does not exist here." },
  SYSTEM_INVALID: { exit: 3, retry: "never", meaning: "The system description contradicts itself." },
  PLACEMENT_IMPOSSIBLE: { exit: 3, retry: "never", meaning: "The services cannot be grouped into units this way." },
  CONFIG_INVALID: { exit: 3, retry: "never", meaning: "One or more configuration values are missing or wrong." },
  BIND_REFUSED: {
    exit: 3,
    retry: "never",
    meaning: "Listening beyond this host was asked for without what makes it safe.",
  },
  PORT_BUSY: { exit: 7, retry: "never", meaning: "Another process listens on this address." },
  MIGRATION_MISSING: {
    exit: 3,
    retry: "never",
    meaning: "The database holds a migration that the program does not have, or one was changed.",
  },
  MIGRATION_FAILED: { exit: 1, retry: "never", meaning: "A migration threw; it was rolled back." },
  DATA_NEWER: {
    exit: 3,
    retry: "never",
    meaning: "A stored file was written by a newer version than this one can read.",
  },
  DATA_DAMAGED: { exit: 1, retry: "never", meaning: "A stored file cannot be read as what it should be." },
  ENGINE_MISSING: { exit: 5, retry: "never", meaning: "A URL names an engine that is not installed." },
  NODE_TOO_OLD: { exit: 5, retry: "never", meaning: "This Node.js cannot run the program." },
  USAGE: { exit: 2, retry: "never", meaning: "The command line does not say anything that can be done." },
  NOT_RUNNING: { status: 404, exit: 4, retry: "never", meaning: "No such system, unit or instance runs here." },
  ALREADY_RUNNING: { exit: 7, retry: "never", meaning: "The system already runs from this folder." },
  ROLLOUT_UNDER_WAY: {
    status: 409,
    exit: 7,
    retry: "never",
    meaning: "A rollout of the unit is under way, and nothing else changes its instances meanwhile.",
  },
  START_TIMEOUT: { exit: 6, retry: "never", meaning: "Something did not become ready in time." },
  LEASE_REFUSED: { status: 403, exit: 8, retry: "never", meaning: "The instance belongs to another unit." },
} as const;

/** A stable code: what programs match on, documents describe and nobody renames. */
export type Code = keyof typeof table;

/** What the table says of a code. */
export interface CodeFacts {
  readonly status?: number;
  readonly exit: number;
  readonly retry: "safe" | "idempotent" | "never";
  readonly meaning: string;
}

/** The whole table, frozen; for documentation and for tests that walk it. */
export const codes: Readonly<Record<Code, CodeFacts>> = Object.freeze(table);

/** True when `text` is one of the codes; inherited names (`constructor`, `__proto__`) are not. */
export function isCode(text: unknown): text is Code {
  return typeof text === "string" && Object.hasOwn(table, text);
}
