/**
 * The one error class.
 *
 * Two audiences, two texts: `message` is for the caller and may cross the wire; `cause` and `notes` are for
 * the log and never leave the process. A failure that a contract declares has the code `DECLARED`, its own
 * name in `failure`, and typed `data`.
 */
import { type Code, codes, isCode } from "./code.ts";

/** What an error can carry besides its code and message. */
export interface ErrorDetails {
  /** Where the mistake is: `file:line`, a path such as `system.units.web[1]`, a config key. */
  readonly place?: string;
  /** What to do about it, as a sentence. */
  readonly help?: string;
  /** For the log only: what the caller should not read. */
  readonly notes?: string;
  /** Path → messages, of an input that does not fit (RFC 9457 extension member `errors`). */
  readonly errors?: Readonly<Record<string, readonly string[]>>;
  /** The name of a declared failure. */
  readonly failure?: string;
  /** The HTTP status, where it is not the code's own (declared failures). */
  readonly status?: number;
  /** The data of a declared failure. */
  readonly data?: unknown;
  /** True when a hop below has already retried, so that nobody above does it again. */
  readonly retried?: boolean;
  /** Seconds after which the caller may come back (`Retry-After`). */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** What of an error crosses a boundary: everything but `notes`, `cause`, `place`, `help` and the stack. */
export interface ErrorRecord {
  readonly code: Code;
  readonly message: string;
  readonly status?: number;
  readonly failure?: string;
  readonly data?: unknown;
  readonly errors?: Readonly<Record<string, readonly string[]>>;
  readonly retried?: boolean;
  readonly retryAfterSeconds?: number;
}

/** Shared between copies of this package in one process, so that identity survives duplicates. */
const brand = Symbol.for("cantle.error");

/**
 * Every error that Cantle throws on purpose.
 *
 * @example throw new CantleError("UNAVAILABLE", "no instance of 'articles' is ready", { retried: true });
 */
export class CantleError extends Error {
  readonly code: Code;
  readonly status: number;
  readonly place: string | undefined;
  readonly help: string | undefined;
  readonly notes: string | undefined;
  readonly errors: Readonly<Record<string, readonly string[]>> | undefined;
  readonly failure: string | undefined;
  readonly data: unknown;
  readonly retried: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status ?? codes[code].status ?? 500;
    this.place = details.place;
    this.help = details.help;
    this.notes = details.notes;
    this.errors = details.errors;
    this.failure = details.failure;
    this.data = details.data;
    this.retried = details.retried ?? false;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }

  override get name(): string {
    return "CantleError";
  }

  get [brand](): true {
    return true;
  }
}

/** True for a CantleError of this or another copy of the package. */
export function isCantleError(error: unknown): error is CantleError {
  return typeof error === "object" && error !== null && (error as Record<symbol, unknown>)[brand] === true;
}

/** Any thrown thing as a CantleError. What is not one becomes `INTERNAL` with a message that tells nothing. */
export function asCantleError(error: unknown): CantleError {
  return isCantleError(error)
    ? error
    : new CantleError("INTERNAL", "something went wrong inside the service", { cause: error });
}

/** What may be told to the other side. */
export function toRecord(error: CantleError): ErrorRecord {
  return {
    code: error.code,
    message: error.message,
    ...(error.status !== codes[error.code].status && { status: error.status }),
    ...(error.failure !== undefined && { failure: error.failure }),
    ...(error.data !== undefined && { data: error.data }),
    ...(error.errors !== undefined && { errors: error.errors }),
    ...(error.retried && { retried: true }),
    ...(error.retryAfterSeconds !== undefined && { retryAfterSeconds: error.retryAfterSeconds }),
  };
}

/** An error from what the other side told; anything that is not a record becomes `REPLY_MALFORMED`. */
export function fromRecord(value: unknown): CantleError {
  const record = value as Partial<ErrorRecord> | null;
  if (typeof record !== "object" || record === null || !isCode(record.code) || typeof record.message !== "string") {
    return new CantleError("REPLY_MALFORMED", "the other side answered with an error that cannot be read");
  }
  const { code, message, status, failure, data, errors, retried, retryAfterSeconds } = record;
  return new CantleError(code, message, {
    ...(isStatus(status) && { status }),
    ...(typeof failure === "string" && { failure }),
    ...(data !== undefined && { data }),
    ...(isErrors(errors) && { errors }),
    ...(retried === true && { retried }),
    ...(typeof retryAfterSeconds === "number" && retryAfterSeconds >= 0 && { retryAfterSeconds }),
  });
}

function isErrors(errors: unknown): errors is Readonly<Record<string, readonly string[]>> {
  if (typeof errors !== "object" || errors === null) return false;
  return Object.values(errors).every(
    (messages) => Array.isArray(messages) && messages.every((message) => typeof message === "string"),
  );
}

function isStatus(status: unknown): status is number {
  return Number.isInteger(status) && (status as number) >= 400 && (status as number) <= 599;
}
