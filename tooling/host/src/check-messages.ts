/** What is wrong with a service's subscriptions and schedules, and can be told before anything runs. */
import { CantleError } from "@cantle/core";
import { consumerPolicyOf, readCron } from "@cantle/messaging";
import type { ServiceDefinition } from "@cantle/service";
import { brokerScheme } from "./broker.ts";
import type { Settings } from "./settings.ts";

/** The engines that have topics and no queues. */
const topicsOnly = new Set(["kafka"]);

/** Throws `SERVICE_INVALID` or `CONFIG_INVALID` for what cannot be meant, `ENGINE_MISSING` for what the broker cannot do. */
export function checkMessages({ contract, subscriptions, schedules }: ServiceDefinition, { env }: Settings): void {
  const place = `service(${contract.name})`;
  for (const { source, options } of subscriptions) {
    const { from: _from, timeoutMs: _timeoutMs, ...policy } = options;
    consumerPolicyOf(policy, `${place}.on(${source.channel.name})`);
  }
  for (const [name, { cron, timeZone = "UTC" }] of Object.entries(schedules))
    readCron({ cron, timeZone }, `${place}.schedules.${name}`);
  const needsQueues = Object.keys(schedules).length > 0 || subscriptions.some(({ source }) => source.kind === "queue");
  const scheme = brokerScheme(env);
  if (needsQueues && scheme !== undefined && topicsOnly.has(scheme))
    throw new CantleError("ENGINE_MISSING", `'${contract.name}' needs queues, and '${scheme}:' has topics only`, {
      place: "BROKER_URL",
      help: "queues and schedules need the embedded broker or NATS",
    });
}
