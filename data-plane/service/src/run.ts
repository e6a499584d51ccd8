/** Running a service: its bindings opened, its handlers behind the inbound recipe, ready for any transport and any broker. */
import { CantleError, createStarted, isCantleError } from "@cantle/core";
import type { OpenBinding } from "./binding.ts";
import { outgoingMaker } from "./outgoing.ts";
import type { RunningService, ServiceHost } from "./running.ts";
import { serveAll } from "./serve.ts";
import { type ServiceDefinition, usedContracts } from "./service.ts";

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
