/** Running a service: its bindings opened, its handlers behind the inbound recipe, ready for any transport. */
import {
  CantleError,
  createStarted,
  type Handler,
  isCantleError,
  type Operation,
  type Peer,
  type Random,
  type Running,
} from "@cantle/core";
import { inbound, type OutboundHost, type Work } from "@cantle/mesh";
import type { BindingHost, OpenBinding } from "./binding.ts";
import { callingAs } from "./calling.ts";
import { type ContextHost, contextMaker } from "./context.ts";
import { type ServiceDefinition, usedContracts } from "./service.ts";
import { type RunTask, taskRunner } from "./tasks.ts";

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
}

/** A service that answers. */
export interface RunningService extends Running {
  readonly definition: ServiceDefinition;
  readonly served: readonly ServedOperation[];
  /** Runs one of its tasks. */
  readonly run: RunTask;
  /** Throws when one of its bindings cannot work just now. */
  check(): Promise<void>;
}

/** Opens what the service owns and makes its handlers ready. Throws `BINDING_BROKEN` when a binding does not open. */
export async function runService(definition: ServiceDefinition, host: ServiceHost): Promise<RunningService> {
  const { contract } = definition;
  const log = host.log.with({ service: contract.name });
  const started = createStarted();
  const bindings = new Map<string, OpenBinding>();
  try {
    for (const [name, used] of Object.entries(definition.uses)) {
      if (used.kind !== "binding") continue;
      const engine = await host.engineOf(contract.name, name, used.port);
      const open = await used.open({
        service: contract.name,
        name,
        ...engine,
        clock: host.clock,
        random: host.random as Random,
        log,
      });
      bindings.set(name, open);
      started.add(() => open.close());
    }
  } catch (cause) {
    await started.stop();
    throw isCantleError(cause)
      ? cause
      : new CantleError("BINDING_BROKEN", `'${contract.name}' could not open what it owns`, { cause });
  }
  const bound = Object.fromEntries([...bindings].map(([name, { bound }]) => [name, bound]));
  return {
    definition,
    ...serveAll(definition, { ...host, log }, bound),
    check: async () => void (await Promise.all([...bindings.values()].map((binding) => binding.check()))),
    stop: () => started.stop(),
  };
}

function serveAll(
  definition: ServiceDefinition,
  host: ServiceHost,
  bound: Readonly<Record<string, unknown>>,
): Pick<RunningService, "served" | "run"> {
  const contracts = usedContracts(definition);
  const peer: Peer = {
    service: definition.contract.name,
    uses: new Set([...contracts.values()].map((contract) => contract.name)),
  };
  const contextHost: ContextHost = {
    calling: callingAs(peer, host),
    clock: host.clock,
    random: host.random,
    log: host.log,
    config: host.config,
    bound,
    contracts,
  };
  const served = (Object.values(definition.contract.operations) as Operation[]).map((operation) => ({
    operation,
    handle: inbound(operation, host, workOf(definition, operation, contextHost)),
  }));
  return { served, run: taskRunner(definition, peer, contextHost) };
}

/** A handler as written, with its context. */
function workOf(definition: ServiceDefinition, operation: Operation, host: ContextHost): Work {
  const handler = definition.handlers[operation.name] as (input: unknown, context: object) => unknown;
  const context = contextMaker(operation, host);
  return (input, call) => handler(input, context(call));
}
