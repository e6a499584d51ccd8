/** Topics, queues, consumers and dead letters: the ports, and what stands on them. */
export {
  type Broker,
  type BrokerEngine,
  type BrokerFacts,
  type BrokerOptions,
  messageBytesDefault,
} from "./broker.ts";
export { checkChannelName, checkGroupName } from "./channel-name.ts";
export {
  type ConsumerHost,
  type ConsumerOptions,
  type RunningConsumer,
  runConsumer,
} from "./consumer.ts";
export { type BackOff, type ConsumerPolicy, consumerPolicyDefault, consumerPolicyOf } from "./consumer-policy.ts";
export { type CronHost, type CronSchedule, runSchedules } from "./cron.ts";
export { type CronPattern, readCron } from "./cron-moments.ts";
export type {
  DeadLetter,
  DeadLetterFacts,
  DeadLetterPage,
  DeadLetterSource,
  DeadLetters,
} from "./dead-letters.ts";
export type { AttemptFailure, ConsumeOptions, Consumption, Delivery, StoredMessage } from "./delivery.ts";
export { type Added, DeliveryState, failuresMax, type Held, type Rank, ranks, type Tried } from "./delivery-state.ts";
export { type Books, type DeliveryEnd, Dispatch, keptFailure } from "./dispatch.ts";
export { deliveryLost, messageTooLarge, notAllowed, translating, unreachable } from "./engine-errors.ts";
export { laneOf } from "./lanes.ts";
export type { GroupFacts, Log, ReadOptions, StartAt, TopicFacts } from "./log.ts";
export { type MemoryLimits, memoryLimitsDefault } from "./memory/store.ts";
export { memoryBroker, openMemoryBroker } from "./memory.ts";
export { checkMessages } from "./message-check.ts";
export type { Queue, QueueFacts } from "./queue.ts";
export { type BrokerContract, brokerContract } from "./remote/contract.ts";
export { type BrokerHandlersOptions, brokerHandlers, type ServedBroker } from "./remote/handlers.ts";
export { type BrokerAct, type BrokerPermissions, declaredPermissions } from "./remote/permissions.ts";
export { openRemoteBroker, type RemoteBrokerOptions } from "./remote/remote-broker.ts";
export { Solitude } from "./solitude.ts";
