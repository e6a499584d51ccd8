/**
 * What things of ours are called on the server. Channels and groups were checked before they come here
 * (`checkChannelName`, `checkGroupName`), so none of their parts is ever a wildcard or has a dot.
 *
 * A topic is a stream of its own: it is kept, and an operator may give it limits of its own. Queues share a stream: they are
 * many, and what is handled leaves at once.
 */
import type { Priority } from "@cantle/contract";
import type { DeadLetterSource } from "@cantle/messaging";

/** A queue's messages wait by priority; what is sent for later waits apart. */
export const queueLanes = ["high", "normal", "low"] as const satisfies readonly Priority[];

/** Where a message of a queue waits. */
export type QueueLane = Priority | "later";

/** Names below one prefix. */
export class Names {
  readonly prefix: string;
  readonly queues: string;
  readonly deadLetters: string;
  /** How each group of a topic stands, one message for each. */
  readonly groups: string;
  /** What was tried before with messages that failed. */
  readonly attempts: string;

  constructor(prefix: string) {
    this.prefix = prefix;
    this.queues = `${prefix}-queues`;
    this.deadLetters = `${prefix}-dead-letters`;
    this.groups = `${prefix}-groups`;
    this.attempts = `${prefix}-attempts`;
  }

  /** The stream of a topic. Stream names have no dots. */
  topicStream(topic: string): string {
    return `${this.prefix}-topic-${topic.replace(".", "=")}`;
  }

  /** Where a topic's messages are published. */
  topicSubject(topic: string): string {
    return `${this.prefix}.topic.${topic}._`;
  }

  /** Where a message goes that only this group gets again. No group is called `_`. */
  redriveSubject(topic: string, group: string): string {
    return `${this.prefix}.topic.${topic}.${group}`;
  }

  /** Everything in the stream of a topic. */
  topicSubjects(topic = "*.*"): string {
    return `${this.prefix}.topic.${topic}.*`;
  }

  queueSubject(queue: string, lane: QueueLane | "*"): string {
    return `${this.prefix}.queue.${queue}.${lane}`;
  }

  /** The durable consumer of a queue's lane. */
  queueConsumer(queue: string, lane: QueueLane): string {
    return `${queue.replace(".", "=")}=${lane}`;
  }

  /** The queue of a durable consumer; undefined for somebody else's. */
  queueOfConsumer(consumer: string): { readonly queue: string; readonly lane: QueueLane } | undefined {
    const [service, name, lane] = consumer.split("=");
    return lane === undefined ? undefined : { queue: `${service}.${name}`, lane: lane as QueueLane };
  }

  groupSubject(topic: string, group: string): string {
    return `${this.prefix}.group.${topic}.${group}`;
  }

  /** What was tried with the messages of a source: one subject for each message, or `*`. */
  attemptSubject(source: DeadLetterSource, sequence: number | "*"): string {
    return `${this.prefix}.attempt.${sourceName(source)}.${sequence}`;
  }

  deadLetterSubject(source: DeadLetterSource): string {
    return `${this.prefix}.dead.${sourceName(source)}`;
  }

  /** Whose dead letters these are; undefined for somebody else's. */
  sourceOf(subject: string): DeadLetterSource | undefined {
    const [kind, service, name, group] = subject.slice(`${this.prefix}.dead.`.length).split(".");
    if (kind === "queue") return { kind, name: `${service}.${name}` };
    return kind === "topic" && group !== undefined ? { kind, name: `${service}.${name}`, group } : undefined;
  }

  /** Where the members of a group tell each other that something changed. */
  noticeSubject(topic: string, group: string): string {
    return `${this.prefix}.notice.${topic}.${group}`;
  }

  /** Where a broker answers as long as it lives. */
  aliveSubject(broker: string): string {
    return `${this.prefix}.alive.${broker}`;
  }
}

function sourceName(source: DeadLetterSource): string {
  return source.kind === "queue" ? `queue.${source.name}` : `topic.${source.name}.${source.group}`;
}
