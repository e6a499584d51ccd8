/** Running a service: its bindings opened, its handlers behind the inbound recipe, ready for any transport and any broker. */
import { CantleError, createStarted, type Handler, isCantleError, type Operation, type Running } from "@cantle/core";
import type { OutboundHost } from "@cantle/mesh";
import type { BindingHost, OpenBinding } from "./binding.ts";
import type { ServedConsumer, ServedSchedule } from "./consumers.ts";
import { outgoingMaker } from "./outgoing.ts";
import type { Publisher } from "./publisher.ts";
import { serveAll } from "./serve.ts";
import { type ServiceDefinition, usedContracts } from "./service.ts";
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

/** Opens what the service owns and makes its handlers ready. Throws `BINDING_BROKEN` when a binding does not open. */
export async function runService(definition: ServiceDefinition, host: ServiceHost): Promise<RunningService> {
  const { contract } = definition;
  const log = host.log.with({ service: contract.name });
  const used = new Set([...usedContracts(definition).values()].map(({ name }) => name));
  const outgoing = outgoingMaker(contract, used, host);
  const started = createStarted();
  const bindings = new Map<string, OpenBinding>();
  try {
    for (const [name, binding] of Object.entries(definition.uses)) {
      if (binding.kind !== "binding") continue;
      const engine = await host.engineOf(contract.name, name, binding.port);
      const { clock, random, publisher } = host;
      const open = await binding.open({
        service: contract.name,
        name,
        ...engine,
        clock,
        random,
        log,
        messages: publisher && { outgoing, publisher },
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
  return {
    definition,
    ...serveAll(definition, { host: { ...host, log }, bindings, outgoing }),
    check: async () => void (await Promise.all([...bindings.values()].map((binding) => binding.check()))),
    stop: () => started.stop(),
  };
}
