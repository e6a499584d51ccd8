/** Subscriptions and schedules: what a service does when nobody calls it. */
import type { BaseContext, DeclaredEvent, DeclaredQueue, DeliveryContext, Out, Schema } from "@cantle/contract";

/** How messages are taken. */
export interface SubscribeOptions {
  /** How long handling one may take, ms; default 30,000. */
  readonly timeoutMs?: number;
  /** How many are handled at once by one instance; default 16. */
  readonly concurrency?: number;
  /** How often one is delivered before it goes to the dead letters; default 10. */
  readonly deliveriesMax?: number;
  /** How long a message is this instance's alone unless it says that it goes on, ms; default 30,000. */
  readonly leaseMs?: number;
  /** The pauses between deliveries: up to `firstMs`, doubled each time, up to `maxMs`; each a random part of that. Default 200 and 60,000. */
  readonly backOff?: { readonly firstMs: number; readonly maxMs: number };
  /** Where a service that subscribes for the first time begins: with the oldest event that is kept (default), or with new ones. */
  readonly from?: "first" | "new";
}

/** A handler of messages, as written. */
export type Handle<S extends Schema, X> = (data: Out<S>, context: X & DeliveryContext) => Promise<unknown>;

/** Subscribes to an event of any service in `uses`, or to a queue of the service's own. */
export type Subscribe<X = BaseContext> = <S extends Schema>(
  source: DeclaredEvent<S> | DeclaredQueue<S>,
  handle: Handle<S, X>,
  options?: SubscribeOptions,
) => Subscription;

/** One subscription of a service. */
export interface Subscription {
  readonly kind: "subscription";
  readonly source: DeclaredEvent | DeclaredQueue;
  readonly handle: (data: any, context: any) => unknown;
  readonly options: SubscribeOptions;
}

/** What `on` is given. */
export const subscribe: Subscribe<any> = (source, handle, options = {}) =>
  Object.freeze({ kind: "subscription", source, handle, options: Object.freeze({ ...options }) });

/** Work that is due at certain times, once per cluster. */
export interface Schedule<X = any> {
  /** A cron pattern of five or six fields: `0 3 * * *` is every night at three. */
  readonly cron: string;
  /** An IANA time zone; default UTC. */
  readonly timeZone?: string;
  readonly timeoutMs?: number;
  readonly run: (context: X & DeliveryContext) => Promise<unknown>;
}
