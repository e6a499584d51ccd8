/** What every part of the platform needs to know of an operation; contracts derive it, nobody else makes one. */

/** The HTTP methods an operation can have. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Who may call an operation at the gateway: anybody, any signed-in user, or users with one of these roles. */
export type Access = "public" | "user" | { readonly roles: readonly string[] };

/** How an operation moves its data. `value`: one input, one output. `stream`: one input, many items. */
export type Shape = "value" | "stream" | "upload" | "download";

/** A service-level objective that a contract declares. */
export interface Slo {
  /** The share of calls that must not fail by the service's fault, for example 0.999. */
  readonly availability?: number;
  /** The share (`target`) of calls that must answer within `ms`. */
  readonly latency?: { readonly ms: number; readonly target: number };
  /** The window, for example `30d`. */
  readonly window?: string;
}

/** An operation as the machinery sees it: a frozen part of a contract. */
export interface Operation {
  readonly kind: "operation";
  /** The contract's name, which is the service's. */
  readonly service: string;
  readonly name: string;
  /** The contract's version, semver. */
  readonly version: string;
  readonly method: Method;
  /** A path template: `/accounts/{id}`. */
  readonly path: string;
  readonly shape: Shape;
  /** HTTP status of a successful reply. */
  readonly status: number;
  /** Absent: internal, never reachable through a gateway. */
  readonly access?: Access;
  /** True when the same call twice has the effect of one (RFC 9110, 9.2.2). */
  readonly idempotent: boolean;
  /** How long a call may take, ms. */
  readonly timeoutMs: number;
  /** The largest upload, bytes; 0 where there is none. */
  readonly uploadBytesMax: number;
  /** The largest JSON body, bytes. */
  readonly bodyBytesMax: number;
  readonly deprecated: boolean;
  readonly slo?: Slo;
}

/** `service.operation`, as people and logs write it. */
export function operationId(operation: Operation): string {
  return `${operation.service}.${operation.name}`;
}
