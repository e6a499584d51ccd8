/**
 * The mesh's two ports: where a service is (`Resolver`) and how to reach it (`Dial`). The control plane implements the
 * first, the transports the second. If the registry dies, the last view goes on being true.
 */
import type { Handler } from "@cantle/core";

/** One instance's address for one service. */
export interface Endpoint {
  /** Unique among the endpoints of a service; the instance's id. */
  readonly id: string;
  readonly service: string;
  /** The contract version it serves, semver. */
  readonly version: string;
  readonly state: "starting" | "ready" | "draining";
  /** Where it is reached; absent while it is starting. */
  readonly address?: string;
  /** Where it runs: calls stay in a zone while it has endpoints that are well. */
  readonly zone?: string;
  /** What a route can choose by: `{ track: "canary" }`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** True where it remembers idempotency keys together with their effects, so that a call with a key may be repeated. */
  readonly keepsKeys?: boolean;
  /** The share of the calls that all endpoints of its label `release` are to get together; absent: what the others leave. */
  readonly share?: number;
}

/** Where a service is just now. A new object at every change, so that identity tells whether anything changed. */
export interface View {
  readonly endpoints: readonly Endpoint[];
}

/** Knows where services are. */
export interface Resolver {
  /** The last known view; empty for a service nobody announced. Never waits. */
  view(service: string): View;
  /** Calls `listener` after each change of the service's view, until the returned function is called. */
  watch(service: string, listener: () => void): () => void;
}

/**
 * A handler that sends a call to one endpoint; the transport keeps the connection. Its promise settles when the call is
 * cancelled, with the reason: what counts calls in flight relies on it.
 */
export type Dial = (endpoint: Endpoint) => Handler;

/** A resolver that is told its views; the in-memory twin of the registry's. */
export interface StaticResolver extends Resolver {
  set(service: string, endpoints: readonly Endpoint[]): void;
}

const nothing: View = { endpoints: [] };

/** Makes one. */
export function staticResolver(): StaticResolver {
  const views = new Map<string, View>();
  const listeners = new Map<string, Set<() => void>>();
  return {
    view: (service) => views.get(service) ?? nothing,
    watch(service, listener) {
      const set = listeners.get(service) ?? new Set();
      listeners.set(service, set.add(listener));
      return () => void set.delete(listener);
    },
    set(service, endpoints) {
      views.set(service, { endpoints });
      for (const listener of listeners.get(service) ?? []) listener();
    },
  };
}
