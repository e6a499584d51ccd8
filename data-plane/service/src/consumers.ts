/** What a service wants from the broker, ready to be delivered to: each message enters as a call through the inbound recipe. */
import { type Channel, delivering } from "@cantle/contract";
import type { Handler, Operation } from "@cantle/core";
import type { ServiceDefinition } from "./service.ts";
import type { Schedule, SubscribeOptions, Subscription } from "./subscription.ts";

/** How long handling a message may take where nothing else is said, ms. */
export const handlingMsDefault = 30_000;

/** A subscription with the handler that deliveries go to. */
export interface ServedConsumer {
  readonly channel: Channel;
  /** The group at a topic: the service's name. */
  readonly group: string;
  readonly operation: Operation;
  readonly handle: Handler;
  readonly options: SubscribeOptions;
}

/** A schedule with the queue that its moments go through; that queue is among the consumers. */
export interface ServedSchedule {
  readonly name: string;
  readonly channel: Channel;
  readonly cron: string;
  readonly timeZone: string;
}

/** A subscription, and the operation that handling its messages is. */
export interface Consumed {
  readonly subscription: Subscription;
  readonly operation: Operation;
}

/** Everything of a service that takes messages: what it subscribes to, and its schedules. */
export function consumedBy({ contract, subscriptions, schedules }: ServiceDefinition): readonly Consumed[] {
  const due = Object.entries(schedules).map(([name, schedule]) => dueSubscription(contract.name, name, schedule));
  return [...subscriptions, ...due].map((subscription) => ({
    subscription,
    operation: delivering(subscription.source, {
      service: contract.name,
      version: contract.version,
      timeoutMs: subscription.options.timeoutMs ?? handlingMsDefault,
    }),
  }));
}

/** The queue of a schedule's moments: whoever of the cluster sees one first puts it there, and one instance takes it. */
export function scheduleChannel(service: string, name: string): Channel {
  return { kind: "queue", name: `${service}.at-${name}` };
}

function dueSubscription(service: string, name: string, { run, timeoutMs }: Schedule): Subscription {
  return {
    kind: "subscription",
    source: {
      kind: "queue",
      service,
      name: `at-${name}`,
      version: "1.0.0",
      channel: scheduleChannel(service, name),
      data: anything,
    },
    handle: (_moment, context) => run(context),
    options: timeoutMs === undefined ? {} : { timeoutMs },
  };
}

/** The data of a moment says nothing that its message does not. */
const anything = {
  "~standard": {
    version: 1,
    vendor: "cantle",
    validate: (value: unknown) => ({ value }),
    jsonSchema: { input: () => ({}), output: () => ({}) },
  },
} as const;
