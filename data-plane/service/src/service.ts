/** `service()`: one responsibility, its handlers, what it uses. A frozen plain value; `run.ts` runs it. */

import {
  type Context,
  type ContextWord,
  type Contract,
  type Handlers,
  isSchema,
  type Mistake,
  type Out,
  type Schema,
} from "@cantle/contract";
import { CantleError } from "@cantle/core";
import { checkSchedules, checkSubscriptions } from "./check-subscriptions.ts";
import { type Schedule, type Subscribe, type Subscription, subscribe } from "./subscription.ts";
import type { Uses } from "./uses.ts";

/** Names that `uses` leaves alone. */
type Reserved = {
  readonly [K in ContextWord]?: Mistake<`'${K}' is a word of the handlers' context; call it something else`>;
};

/** What is written in a service. */
export interface ServiceSpec<C extends Contract<string, any>, U extends Uses, F extends Schema> {
  /** The schema of its configuration; all of it has a place in a file, the environment and `--set`. */
  readonly config?: F;
  /** What it may call and what it owns. The mesh refuses the rest. */
  readonly uses?: U;
  readonly handlers: Handlers<C, Context<U, Out<F>, C>>;
  /** What it does when something happened elsewhere, or when there is work in a queue of its own. */
  readonly on?: (subscribe: Subscribe<Context<U, Out<F>, C>>) => readonly Subscription[];
  /** Work that is due at certain times, once per cluster. */
  readonly schedules?: { readonly [name: string]: Schedule<Context<U, Out<F>, C>> };
  /** One-off work that somebody starts by hand (`cantle run SERVICE.TASK`), never a caller: a backfill, a repair. */
  readonly tasks?: { readonly [name: string]: (context: Context<U, Out<F>, C>) => Promise<unknown> };
}

/** A service, defined and not running. */
export interface ServiceDefinition {
  readonly kind: "service";
  readonly contract: Contract<string, any>;
  readonly config: Schema | undefined;
  readonly uses: Uses;
  readonly handlers: Readonly<Record<string, (input: any, context: any) => unknown>>;
  readonly subscriptions: readonly Subscription[];
  readonly schedules: Readonly<Record<string, Schedule>>;
  readonly tasks: Readonly<Record<string, (context: any) => unknown>>;
}

/**
 * Defines a service. Throws `SERVICE_INVALID` for what the compiler could not see: a missing handler, one too many, a
 * member of `uses` that is neither a contract nor a binding.
 */
export function service<
  C extends Contract<string, any>,
  const U extends Uses & Reserved = {},
  F extends Schema = Schema<{}, {}>,
>(contract: C, spec: ServiceSpec<C, U, F>): ServiceDefinition {
  const { config, uses = {}, handlers, tasks = {}, schedules = {}, on } = spec as unknown as Written;
  checkHandlers(contract, handlers);
  checkUses(contract, uses);
  const subscriptions = on?.(subscribe) ?? [];
  checkSubscriptions(contract, uses, subscriptions);
  checkSchedules(contract, schedules);
  if (config !== undefined && !isSchema(config))
    throw invalid(
      "'config' is not a schema",
      `service(${contract.name}).config`,
      "pass a Standard Schema: z.object({ ... })",
    );
  return Object.freeze({
    kind: "service",
    contract,
    config,
    uses: Object.freeze({ ...uses }),
    handlers: Object.freeze({ ...handlers }),
    subscriptions: Object.freeze([...subscriptions]),
    schedules: Object.freeze({ ...schedules }),
    tasks: Object.freeze({ ...tasks }),
  });
}

/** What was written, without its types. */
interface Written extends Pick<ServiceDefinition, "config" | "uses" | "handlers" | "tasks" | "schedules"> {
  readonly on?: (to: Subscribe<any>) => readonly Subscription[];
}

/** True for what `service()` made, in this or another copy of the package. */
export function isServiceDefinition(value: unknown): value is ServiceDefinition {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as { kind?: unknown }).kind === "service" &&
    "contract" in value &&
    "handlers" in value
  );
}

/** The contracts in `uses`: the services it may call. */
export function usedContracts(definition: ServiceDefinition): Map<string, Contract<string, any>> {
  const contracts = new Map<string, Contract<string, any>>();
  for (const [name, used] of Object.entries(definition.uses)) if (used.kind === "contract") contracts.set(name, used);
  return contracts;
}

function checkHandlers(contract: Contract, handlers: ServiceDefinition["handlers"]): void {
  for (const name of Object.keys(contract.operations)) {
    if (typeof (Object.hasOwn(handlers, name) ? handlers[name] : undefined) !== "function")
      throw invalid(
        `the operation '${name}' has no handler`,
        `service(${contract.name}).handlers.${name}`,
        "write it, or take the operation out of the contract",
      );
  }
  for (const name of Object.keys(handlers)) {
    if (!Object.hasOwn(contract.operations, name))
      throw invalid(
        `'${name}' is not an operation of the contract`,
        `service(${contract.name}).handlers.${name}`,
        `its operations are ${Object.keys(contract.operations).join(", ")}`,
      );
  }
}

const contextWords: ReadonlySet<string> = new Set<ContextWord>([
  "log",
  "signal",
  "clock",
  "random",
  "idempotencyKey",
  "baggage",
  "peer",
  "config",
  "fail",
  "caller",
  "upload",
  "events",
  "queues",
  "send",
  "message",
  "trace",
]);

function checkUses(contract: Contract, uses: Uses): void {
  for (const [name, used] of Object.entries(uses)) {
    if (contextWords.has(name))
      throw invalid(
        `'${name}' is a word of the handlers' context`,
        `service(${contract.name}).uses.${name}`,
        "call it something else",
      );
    if (used?.kind !== "contract" && used?.kind !== "binding")
      throw invalid(
        `'${name}' is neither a contract nor a binding`,
        `service(${contract.name}).uses.${name}`,
        "list contracts of services to call, and bindings such as database({ migrations })",
      );
  }
}

function invalid(message: string, place: string, help: string): CantleError {
  return new CantleError("SERVICE_INVALID", message, { place, help });
}
