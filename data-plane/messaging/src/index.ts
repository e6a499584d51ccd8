/** Topics, queues, consumers and dead letters: the ports, and what stands on them. */
export {
  type Broker,
  type BrokerEngine,
  type BrokerFacts,
  type BrokerOptions,
  messageBytesDefault,
} from "./broker.ts";
export { checkChannelName, checkGroupName } from "./channel-name.ts";
export type {
  DeadLetter,
  DeadLetterFacts,
  DeadLetterPage,
  DeadLetterSource,
  DeadLetters,
} from "./dead-letters.ts";
export type { AttemptFailure, ConsumeOptions, Consumption, Delivery, StoredMessage } from "./delivery.ts";
export type { GroupFacts, Log, ReadOptions, StartAt, TopicFacts } from "./log.ts";
export type { Queue, QueueFacts } from "./queue.ts";
