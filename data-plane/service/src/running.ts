/** What a service needs to run, and what it is when it does. */
import type { Handler, Operation, Running } from "@cantle/core";
import type { OutboundHost } from "@cantle/mesh";
import type { BindingHost } from "./binding.ts";
import type { ServedConsumer, ServedSchedule } from "./consumers.ts";
import type { Publisher } from "./publisher.ts";
import type { ServiceDefinition } from "./service.ts";
import type { RunTask } from "./tasks.ts";

/** An operation with the handler that transports call. */
export interface ServedOperation {
  readonly operation: Operation;
  readonly handle: Handler;
}

/** What a running service needs of its process. */
export interface ServiceHost extends OutboundHost {
  /** The validated configuration. */
  readonly config: unknown;
  /** The URL and the loaded engine of a binding. */
  readonly engineOf: (service: string, name: string, port: string) => Promise<Pick<BindingHost, "url" | "engine">>;
  /** The way to the broker; absent where there is none. */
  readonly publisher?: Publisher | undefined;
}

/** A service that answers. */
export interface RunningService extends Running {
  readonly definition: ServiceDefinition;
  readonly served: readonly ServedOperation[];
  /** What it wants delivered. */
  readonly consumers: readonly ServedConsumer[];
  readonly schedules: readonly ServedSchedule[];
  /** True when it remembers idempotency keys together with their effects, so that a keyed call may be repeated. */
  readonly keepsKeys: boolean;
  /** Runs one of its tasks. */
  readonly run: RunTask;
  /** Throws when one of its bindings cannot work just now. */
  check(): Promise<void>;
}
