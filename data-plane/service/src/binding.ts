/**
 * The port of what a service owns besides its code: a database, later a cache or a bucket. A binding is listed in `uses`;
 * it is opened before the service is ready and closed after its last call. `service` knows nothing of any of them.
 */
import type { Call, Clock, Random } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { Effects } from "./effects.ts";
import type { MakeOutgoing } from "./outgoing.ts";
import type { Publisher } from "./publisher.ts";

/** What a binding is told when it is opened. */
export interface BindingHost {
  /** The service that owns it. */
  readonly service: string;
  /** Its name in `uses`. */
  readonly name: string;
  /** The URL the host chose for it (environment, or the embedded default), for example `sqlite:/path/accounts.sqlite`. */
  readonly url: string;
  /** The engine that the host loaded for the URL. What it is, binding and adapter agree on; `service` does not look. */
  readonly engine: unknown;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** What its transactions publish with, and where that goes after they committed; absent where there is no broker. */
  readonly messages?: { readonly outgoing: MakeOutgoing; readonly publisher: Publisher } | undefined;
}

/** An opened binding. */
export interface OpenBinding {
  /** What handlers find under the binding's name. */
  readonly bound: unknown;
  /** What the handler of one call finds instead, where that depends on the call. */
  within?(call: Call): unknown;
  /** Remembers which calls had their effect, where it can. */
  readonly effects?: Effects;
  /** Throws when it cannot work just now; asked by readiness. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A member of `uses` that is owned. `owner` and `bound` are a type-level function: with `owner` set to the service's contract,
 * `bound` is the type handlers get. Neither exists at run time.
 */
export interface Binding {
  readonly kind: "binding";
  /** Which engines can stand behind it: the host looks for one by this and the URL's scheme. */
  readonly port: string;
  /** True where it has transactions: then its service publishes through them, and in no other way. */
  readonly transactional?: boolean;
  readonly owner?: unknown;
  readonly bound?: unknown;
  open(host: BindingHost): Promise<OpenBinding>;
}
