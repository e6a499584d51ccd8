/** From a definition and its opened bindings to handlers: of operations, of messages, of schedules and of tasks. */
import type { Channel } from "@cantle/contract";
import { CantleError, type Peer } from "@cantle/core";
import { inbound, type Work } from "@cantle/mesh";
import type { OpenBinding } from "./binding.ts";
import { callingAs } from "./calling.ts";
import { type Consumed, consumedBy, type ServedConsumer, scheduleChannel } from "./consumers.ts";
import { type Bound, type ContextHost, contextMaker } from "./context.ts";
import { once } from "./once.ts";
import type { MakeOutgoing, StoreMessage } from "./outgoing.ts";
import type { RunningService, ServedOperation, ServiceHost } from "./running.ts";
import { type ServiceDefinition, usedContracts } from "./service.ts";
import { taskRunner } from "./tasks.ts";

/** What a definition is served with. */
interface Serving {
  readonly host: ServiceHost;
  readonly bindings: ReadonlyMap<string, OpenBinding>;
  readonly outgoing: MakeOutgoing;
}

/** Everything a running service answers. */
export function serveAll(
  definition: ServiceDefinition,
  { host, bindings, outgoing }: Serving,
): Pick<RunningService, "served" | "consumers" | "schedules" | "keepsKeys" | "run"> {
  const { contract, handlers } = definition;
  const contracts = usedContracts(definition);
  const peer: Peer = {
    service: contract.name,
    uses: new Set([...contracts.values()].map(({ name }) => name)),
  };
  const contextHost: ContextHost = {
    calling: callingAs(peer, host),
    clock: host.clock,
    random: host.random,
    log: host.log,
    config: host.config,
    bound: Object.fromEntries([...bindings].map(([name, open]) => [name, boundOf(open)])),
    contracts,
    outgoing,
    publish: publishing(definition, host),
  };
  const effects = [...bindings.values()].find((open) => open.effects !== undefined)?.effects;
  const served = Object.values(contract.operations).map((operation): ServedOperation => {
    const context = contextMaker(operation, contextHost);
    const handler = handlers[operation.name] as (input: unknown, context: object) => unknown;
    const work: Work = (input, call) => handler(input, context(call));
    return { operation, handle: inbound(operation, host, once(operation, effects, work)) };
  });
  const consumer = ({ operation, subscription: { source, handle, options } }: Consumed): ServedConsumer => {
    const context = contextMaker(operation, contextHost);
    const work: Work = async (data, call) => void (await handle(data, context(call)));
    const { channel } = source;
    return { channel, group: contract.name, operation, handle: inbound(operation, host, work), options };
  };
  return {
    served,
    consumers: consumedBy(definition).map(consumer),
    schedules: Object.entries(definition.schedules).map(([name, { cron, timeZone = "UTC" }]) => ({
      name,
      cron,
      timeZone,
      channel: scheduleChannel(contract.name, name),
    })),
    keepsKeys: effects !== undefined,
    run: taskRunner(definition, peer, contextHost),
  };
}

function boundOf(open: OpenBinding): Bound {
  if (open.within === undefined) return { kind: "shared", value: open.bound };
  return { kind: "per-call", within: (call) => open.within?.(call) };
}

/** Straight to the broker; with a database only inside its transactions, as otherwise one of the two could happen alone. */
function publishing({ contract, uses }: ServiceDefinition, { publisher }: ServiceHost): StoreMessage {
  const transactional = Object.entries(uses).find(([, used]) => used.kind === "binding" && used.transactional)?.[0];
  return async (channel: Channel, message) => {
    if (transactional !== undefined)
      throw new CantleError("TRANSACTION_MISUSED", `'${channel.name}' was published outside a transaction`, {
        place: `service(${contract.name})`,
        help: `publish inside: ${transactional}.transaction(async (tx) => tx.events...), so that it happens exactly when the rows are there`,
      });
    if (publisher === undefined)
      throw new CantleError("BROKER_UNAVAILABLE", "this system runs without a broker", {
        help: "leave BROKER_URL out for the embedded one",
      });
    await publisher.publish(channel, [message]);
  };
}
